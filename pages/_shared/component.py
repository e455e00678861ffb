"""Web components of the screens: their scripts are modules that the browser loads and keeps."""

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from pages._shared.assets import asset_url


def script_component(name: str, script: str, html: str = "") -> ComponentRenderer:
    """A component of Streamlit made of a served script.

    Args:
        name: unique in the app.
        script: below ``pages/``, as ``"_labeling/annotator.js"``; its default export is what
            ``component`` of ``component.js`` gives. It names its own stylesheets.
        html: what the script finds in its shadow root.
    """
    return st.components.v2.component(name, html=html or None, js=loading_script(asset_url(script)))


def loading_script(url: str) -> str:
    """A script that loads another one.

    Streamlit runs it from a ``blob:`` address, against which no path can be resolved: hence the
    whole address. It needs two lines: one line with a slash would be taken for a file's path.
    """
    return (
        f'const script = new URL("{url}", location.origin)\n'
        "export default async (call) => (await import(script)).default(call)\n"
    )
