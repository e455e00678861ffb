"""Validates and normalises label names, which may be any printable text."""

from tpod_core.names import clean_name, comparison_key

MAX_LENGTH = 100


def clean_label_name(name: str, field: str | None = None) -> str:
    """Returns ``name`` trimmed and in Unicode's composed form (NFC).

    Raises: InvalidInput if it is empty, too long, or has characters that cannot be printed.
    """
    return clean_name(name, "A label", MAX_LENGTH, field)


def same_name_key(name: str) -> str:
    """Returns a key that is equal for names that read the same, as "Cup" and " cup"."""
    return comparison_key(name)
