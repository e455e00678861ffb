"""Class names that people may give and that file formats, above all YAML, misread."""

from hypothesis import strategies as st

from tpod_core.annotations.label_names import MAX_LENGTH, clean_label_name
from tpod_core.errors import InvalidInput

HOSTILE_NAMES = (
    "👩‍🚀 cup",
    "no",
    "007",
    "null",
    "true",
    "~",
    "a: b #c",
    "- x",
    "\"quoted\" 'both'",
    "back\\slash",
    "\\U0001F469 \\ud83d",
    "𠮷野家",
    "كوب",
    "כוס",
    "कप",
    "ถ้วย",
    "{x} %s ${y}",
    "<b>&amp;</b>",
    "../../etc/passwd",
    "CON.txt",
    "=1+1",
    "None",
    "\ufeffmark",
    "𐍈" * MAX_LENGTH,
)


def _is_allowed(name: str) -> bool:
    try:
        return clean_label_name(name) == name
    except InvalidInput:
        return False


label_names = st.one_of(
    st.sampled_from(HOSTILE_NAMES), st.text(min_size=1, max_size=MAX_LENGTH).filter(_is_allowed)
)
"""Any name that a label may have, as it is kept."""
