"""Mounts web components whose scripts are ES modules that the browser caches."""

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from pages._shared.assets import asset_url


def script_component(name: str, script: str, html: str = "") -> ComponentRenderer:
    """A Streamlit component made of a served script.

    Args:
        name: unique in the app.
        script: path below ``pages/``, such as ``"_labeling/annotator.js"``. Its default export
            is a result of ``component`` in ``component.js``. It names its own stylesheets.
        html: the initial content of the shadow root.
    """
    return st.components.v2.component(name, html=html or None, js=loading_script(asset_url(script)))


def loading_script(url: str) -> str:
    """A script that imports the module at ``url``.

    Streamlit runs it from a ``blob:`` URL, against which no path can be resolved: hence the
    absolute URL. It needs two lines: Streamlit takes one line with a slash for a file path.
    """
    return (
        f'const script = new URL("{url}", location.origin)\n'
        "export default async (call) => (await import(script)).default(call)\n"
    )
