"""What every screen has at its top, and the words that several of them use."""

import streamlit as st

PAGE_STYLE = """<style>
.stMainBlockContainer { max-width: 96rem; padding-bottom: 3rem; }
body [data-testid="stCaptionContainer"] { opacity: .82; }
</style>"""
"""On a very wide screen lines and cards would grow too long to read; captions, and the links in
them, would be too pale."""


def page_header(title: str, caption: str = "") -> None:
    """The screen's name, and one sentence on what it is for."""
    st.title(title, anchor=False)
    if caption:
        st.caption(caption)


def empty_state(title: str, sentence: str) -> None:
    """Where a list is empty: say so, and what to do next."""
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.write(sentence)


def plain(text: str) -> str:
    """``text`` without a meaning in Markdown."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()<>#+-.!|~$:" else sign for sign in text)


def counted(count: int, noun: str) -> str:
    """``"1 box"``, ``"1,200 frames"``; nouns that end in x, as "box", get an "es"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('x') else 's'}"


def duration_text(duration_s: float) -> str:
    """``"1:05"`` or ``"1:02:05"``; ``"0:04"`` for four seconds, ``"0.3 s"`` under one."""
    if duration_s < 0.95:
        return f"{duration_s:.1f} s"
    hours, rest = divmod(round(duration_s), 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
