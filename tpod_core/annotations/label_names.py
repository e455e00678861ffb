"""Validates and normalises label names, which may be any printable text."""

import unicodedata

from tpod_core.errors import InvalidInput

MAX_LENGTH = 100
_REFUSED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line breaks. Joiners (Cf) are needed in many scripts."""


def _is_refused(character: str) -> bool:
    """Whether the character cannot be printed: refused above, or never a character at all.

    XML, and so Pascal VOC, cannot hold U+FFFE and U+FFFF. Source: unicode.org, "Noncharacters"
    """
    code = ord(character)
    never_assigned = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return never_assigned or unicodedata.category(character) in _REFUSED


def clean_label_name(name: str, field: str | None = None) -> str:
    """Returns ``name`` trimmed and in Unicode's composed form (NFC).

    Raises: InvalidInput if it is empty, too long, or has characters that cannot be printed.
    """
    clean = unicodedata.normalize("NFC", name).strip()
    if not clean:
        raise InvalidInput("A label needs a name.", field)
    if len(clean) > MAX_LENGTH:
        raise InvalidInput(f"A label's name has at most {MAX_LENGTH} characters.", field)
    if any(map(_is_refused, clean)):
        raise InvalidInput(f"The label {clean!r} holds characters that cannot be printed.", field)
    return clean


def same_name_key(name: str) -> str:
    """Returns a key that is equal for names that read the same, as "Cup" and " cup"."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
