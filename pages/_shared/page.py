"""The header of a screen, and text formatting that several screens use."""

import re
from collections.abc import Sequence

import streamlit as st

from tpod_core import markdown

PAGE_STYLE = """<style>
.stMainBlockContainer { max-width: 96rem; padding-bottom: 3rem; }
body [data-testid="stCaptionContainer"] { opacity: .82; }
.st-key-unsent-sender, .st-key-unsent-notice [data-testid="stSkeleton"] { display: none; }
</style>"""
"""Limits the line length on very wide screens, makes captions less pale, and hides what is shown
in place of a component before its script has run, where that is invisible or usually empty."""


def page_header(title: str, caption: str = "") -> None:
    """Show the title of a screen and one sentence on its purpose."""
    st.title(title, anchor=False)
    if caption:
        st.caption(caption)


def empty_state(title: str, sentence: str) -> None:
    """Show that a list is empty, and what to do next."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(sentence)


_WORD_JOINER = "\u2060"
_REPLACED = re.compile(
    r"(?<=:)(?=material/|streamlit:|//)"  # icons, the logo, web addresses
    r"|(?<=www)(?=\.)|(?=@)"  # addresses that become links
    r"|(?<=[<>~-])(?=[=>-])",  # arrows, dashes and comparisons
    re.IGNORECASE,
)


def escape_md(text: str) -> str:
    """Returns ``text`` for any place in which Streamlit renders Markdown; it is shown as typed.

    Streamlit goes on to replace some signs in the text that Markdown has left: ``:material/home:``
    becomes an icon, ``->`` an arrow, an address a link, escaped or not. An invisible word joiner
    between such signs prevents it.
    """
    return markdown.escape(_REPLACED.sub(_WORD_JOINER, text))


def warning_box(sentences: Sequence[str]) -> None:
    """Show all warnings in one box, to save space."""
    if sentences:
        mark = "- " if len(sentences) > 1 else ""
        lines = "\n".join(f"{mark}{escape_md(sentence)}" for sentence in sentences)
        st.warning(lines, icon=":material/warning:")


def counted(count: int, noun: str) -> str:
    """``"1 box"``, ``"1,200 frames"``; nouns that end in x, like "box", get "es"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('x') else 's'}"


def rate_text(fps: float) -> str:
    """``"30 fps"`` or ``"29.97 fps"``."""
    return f"{round(fps, 2):g} fps"


def duration_text(duration_s: float) -> str:
    """``"1:05"`` or ``"1:02:05"``; ``"0:04"`` for four seconds, ``"0.3 s"`` under one."""
    if duration_s < 0.095:
        return f"{duration_s:.2f} s"
    if duration_s < 0.95:
        return f"{duration_s:.1f} s"
    hours, rest = divmod(round(duration_s), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
