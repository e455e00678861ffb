"""Text of people inside Markdown: what they typed is shown as they typed it."""

import string

_WITH_A_MEANING = frozenset(string.punctuation)


def escape(text: str) -> str:
    """Returns Markdown that reads as ``text`` and is nothing else: no picture, link or emphasis.

    Line breaks become spaces, so that the text cannot end the paragraph that it stands in.
    Source: spec.commonmark.org/0.31.2, "Backslash escapes".
    """
    line = " ".join(text.splitlines())
    return "".join(f"\\{sign}" if sign in _WITH_A_MEANING else sign for sign in line)
