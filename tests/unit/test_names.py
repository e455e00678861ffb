"""Names: what may be one, and which read the same."""

import unicodedata

import pytest

from tpod_core.errors import InvalidInput
from tpod_core.names import clean_name, clean_username, comparison_key, username_key

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
BIDI_CONTROLS = [*"\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]


@pytest.mark.parametrize(
    "name",
    ["cup", "a  b-c_d", "👩\u200d🚀 cup", "می\u200cخواهم", "❤\ufe0f", "קומקום", ENGLAND, "x" * 100],
)
def test_printable_name_stays_as_it_is_written(name: str) -> None:
    assert clean_name(f" {name} ", "A label", 100) == name


def test_name_is_composed() -> None:
    assert clean_name("cafe\u0301", "A label", 100) == "caf\u00e9"


@pytest.mark.parametrize("name", ["", " ", "\u00a0", "\u200d", "\u200b", "\u3164", "\ufe0f"])
def test_name_without_anything_to_see_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match="A label needs a name of 1 to 100 characters"):
        clean_name(name, "A label", 100)


@pytest.mark.parametrize("control", [*"\x00\x07\n\x7f\x85\u2028\u2029", "\ud800"])
def test_control_characters_are_refused(control: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be printed"):
        clean_name(f"a{control}b", "A label", 100)


@pytest.mark.parametrize("control", BIDI_CONTROLS, ids=unicodedata.name)
def test_controls_of_direction_are_refused(control: str) -> None:
    with pytest.raises(InvalidInput, match="turn the direction") as refused:
        clean_name(f"exe{control}gpj", "A label", 100, "ops[3].name")
    assert refused.value.field == "ops[3].name"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cup", " CUP "),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("caf\u00e9", "cafe\u0301"),
        ("ｃｕｐ", "cup"),
        ("می\u200cخواهم", "میخواهم"),
        ("👩\u200d🚀 cup", "👩🚀 cup"),
        ("❤\ufe0f", "❤"),
        ("cu\u200bp", "cup"),
    ],
)
def test_names_that_read_the_same_have_one_key(one: str, other: str) -> None:
    assert comparison_key(one) == comparison_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("cup", "cups"), ("ışık", "işik"), ("a b", "ab"), (ENGLAND, SCOTLAND)]
)
def test_names_that_a_reader_tells_apart_have_two_keys(one: str, other: str) -> None:
    assert comparison_key(one) != comparison_key(other)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [(" ann ", "ann"), ("Ａｎｎ", "Ann"), ("ﬁona", "fiona"), ("Jürgen_7", "Jürgen_7")],
)
def test_user_name_is_stored_in_its_plain_form(typed: str, stored: str) -> None:
    assert clean_username(typed) == stored


@pytest.mark.parametrize(
    "name",
    [
        *("", "  ", "\u115f", "x" * 151, "ﷺ" * 9),
        *(f"a{unseen}b" for unseen in " \u00a0\u3000\t\n\u200d\u200b\u202e\u3164\ufe0f"),
    ],
    ids=ascii,
)
def test_user_name_that_is_not_seen_as_it_is_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        clean_username(name)
    assert refused.value.field == "username"


@pytest.mark.parametrize(
    ("one", "other"), [("ann", "ANN"), ("Ａｎｎ", "ann"), ("Straße", "strasse"), (" ann", "ann")]
)
def test_user_names_that_are_the_same_have_one_key(one: str, other: str) -> None:
    assert username_key(one) == username_key(other)
