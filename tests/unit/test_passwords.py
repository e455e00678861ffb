"""Which passwords are accepted."""

import subprocess
import sys

import pytest

from tests.conftest import PASSWORD
from tests.live import REPO
from tpod_core.errors import InvalidInput
from tpod_core.passwords import MAX_LENGTH, require_acceptable

FAR_BEYOND_WHAT_IS_SCORED = "correct horse battery staple " * 8


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "violet kettle march",
        "zebra-lamp-cactus",
        "k7#Vq!2mPz",
        "жёлтый чайник марта",
        "紫色水壶在三月唱歌",
        FAR_BEYOND_WHAT_IS_SCORED,
    ],
)
def test_password_that_is_hard_to_guess_is_accepted(password: str) -> None:
    require_acceptable(password, "ann")


@pytest.mark.parametrize("password", ["", "short", "        ", "ﬃﬃ"])
def test_short_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput, match="at least 8"):
        require_acceptable(password, "ann")


def test_password_longer_than_anybody_types_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 256"):
        require_acceptable(FAR_BEYOND_WHAT_IS_SCORED + "x" * MAX_LENGTH, "ann")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("password1", "a common password"),
        ("longpassword1", "close to a common password"),
        ("qwertyuiop", "hundred commonest"),
        ("asdfghjkl;", "a row of keys"),
        ("aaaaaaaaaaaa", "repeats a character"),
        ("dogdogdogdog", "repeats itself"),
        ("abcdefghij", "a sequence"),
        ("elizabeth", "a name"),
        ("northumberland", "a single word"),
        ("12-3-1987", "a date"),
        ("tpodtpod1", "Use three or four words"),
    ],
)
def test_password_that_is_easy_to_guess_is_refused_with_the_reason(
    password: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=f"easy to guess.*{reason}") as refused:
        require_acceptable(password, "ann")
    assert refused.value.field == "password"
    assert password not in refused.value.message


@pytest.mark.parametrize(
    "password",
    ["Wojciechowska", "akswohceicjow", "ＷOJCIECHOWSKA", "wojciechowska7"],
)
def test_password_made_of_the_name_is_refused(password: str) -> None:
    require_acceptable("wojciechowska7", "ann")
    with pytest.raises(InvalidInput):
        require_acceptable(password, "wojciechowska")


def test_name_of_one_person_is_not_held_against_the_next() -> None:
    with pytest.raises(InvalidInput):
        require_acceptable("wojciechowska7", "wojciechowska")
    require_acceptable("wojciechowska7", "ann")


def test_dictionaries_are_loaded_when_a_password_is_set() -> None:
    program = "import sys, tpod_core.web.app; print('zxcvbn' in sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=REPO, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "False"
