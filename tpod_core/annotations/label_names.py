"""What a label may be called: any printable text, in one spelling."""

import unicodedata

from tpod_core.errors import InvalidInput

MAX_LENGTH = 100
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates and line breaks. Joiners (Cf) belong to many scripts."""


def clean_label_name(name: str, field: str | None = None) -> str:
    """``name`` trimmed and in Unicode's composed form (NFC), so that equal looks are equal.

    Raises: InvalidInput if it is empty, too long, or holds what cannot be printed on a line.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean:
        raise InvalidInput("A label needs a name.", field)
    if len(clean) > MAX_LENGTH:
        raise InvalidInput(f"A label's name has at most {MAX_LENGTH} characters.", field)
    if any(unicodedata.category(character) in _REFUSED for character in clean):
        raise InvalidInput(f"The label {clean!r} holds characters that cannot be printed.", field)
    return clean


def same_name_key(name: str) -> str:
    """Equal for names that a person reads as one: "Cup" and " cup"."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
