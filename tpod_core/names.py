"""The names that people choose: text that can be printed, and that reads as it is written."""

import unicodedata

from tpod_core.errors import InvalidInput

MAX_USERNAME_LENGTH = 150
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, lone surrogates, line breaks."""
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""They make ``exe.gpj`` read as ``jpg.exe``. Source: Unicode Standard Annex 9, table 3."""
_INVISIBLE_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0")
"""Source: Unicode's DerivedCoreProperties.txt, Default_Ignorable_Code_Point."""


def normalised(text: str) -> str:
    """Returns ``text`` as names are stored: without space around it, composed (Unicode's NFC)."""
    return unicodedata.normalize("NFC", text).strip()


def clean_name(text: str, of: str, max_length: int, field: str | None = "name") -> str:
    """Returns ``text`` normalised. Joiners, which many scripts and emoji need, stay in it.

    Args:
        of: what has the name, as it begins a sentence: "A label".

    Raises: InvalidInput if it is empty, too long, or holds characters that cannot be printed or
    that change the direction of the text around them.
    """
    clean = normalised(text)
    if not comparison_key(clean) or len(clean) > max_length:
        raise InvalidInput(f"{of} needs a name of 1 to {max_length} characters.", field)
    if any(map(_is_unprintable, clean)):
        raise InvalidInput(f"The name {clean!r} holds characters that cannot be printed.", field)
    if not _BIDI_CONTROLS.isdisjoint(clean):
        raise InvalidInput(
            f"The name {clean!r} holds characters that turn the direction of text. Leave them out.",
            field,
        )
    return clean


def comparison_key(text: str) -> str:
    """Returns a key that is equal for names that read the same, as "Cup" and " cup".

    Characters that cannot be seen (joiners, variation selectors) make no difference.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(character for character in folded if not _is_invisible(character)).strip()


def clean_username(text: str) -> str:
    """Returns a user name as it is stored: without space around it, in Unicode's form NFKC.

    Raises: InvalidInput if it is empty, too long, or holds a space or anything else that cannot
    be seen.
    """
    clean = unicodedata.normalize("NFKC", text).strip()
    if not clean or max(len(clean), len(username_key(clean))) > MAX_USERNAME_LENGTH:
        raise InvalidInput(f"A user name has 1 to {MAX_USERNAME_LENGTH} characters.", "username")
    is_seen = clean.isprintable() and not any(map(_is_invisible, clean))
    if not is_seen or " " in clean:
        raise InvalidInput(
            "A user name has no spaces and no characters that cannot be seen.", "username"
        )
    return clean


def username_key(text: str) -> str:
    """Returns a key that is equal for user names that are the same."""
    folded = unicodedata.normalize("NFKC", text).strip().casefold()
    return unicodedata.normalize("NFKC", folded)


def _is_unprintable(character: str) -> bool:
    """Whether it is a control character or the like, or never a character at all.

    XML, and so Pascal VOC, cannot hold U+FFFE and U+FFFF. Source: unicode.org, "Noncharacters"
    """
    code = ord(character)
    never_assigned = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return never_assigned or unicodedata.category(character) in _UNPRINTABLE


def _is_invisible(character: str) -> bool:
    is_selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    is_tag = "\U000e0020" <= character <= "\U000e007f"  # the flag of England differs by them
    is_format = unicodedata.category(character) == "Cf" and not is_tag
    return is_selector or is_format or character in _INVISIBLE_LETTERS
