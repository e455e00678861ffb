"""Which passwords are accepted for an account. What is accepted is decided when a password is set:
whoever has a weaker one from before can sign in with it."""

import re
import threading
import unicodedata
from collections.abc import Sequence

from tpod_core.errors import InvalidInput

MIN_LENGTH = 8
MAX_LENGTH = 256
_MIN_SCORE = 2
"""More than 10^6 guesses, which take over a year at the pace that ``sign_in_limits`` allows. A
stricter rule would refuse passwords for others that people write down."""
_SCORED_LENGTH = 72  # zxcvbn takes no more, and gets slow
_PRODUCT = "tpod"
_WORDS = {
    "This is a top-10 common password.": "It is among the ten commonest passwords.",
    "This is a top-100 common password.": "It is among the hundred commonest passwords.",
    "This is a very common password.": "It is a common password.",
    "This is similar to a commonly used password.": "It is close to a common password.",
    "A word by itself is easy to guess.": "It is a single word.",
    "Names and surnames by themselves are easy to guess.": "It is a name.",
    "Common names and surnames are easy to guess.": "It holds a common name.",
    "Straight rows of keys are easy to guess.": "It is a row of keys.",
    "Short keyboard patterns are easy to guess.": "It is a pattern of keys.",
    'Repeats like "aaa" are easy to guess.': "It repeats a character.",
    'Repeats like "abcabcabc" are only slightly harder to guess than "abc".': "It repeats itself.",
    'Sequences like "abc" or "6543" are easy to guess.': "It is a sequence, as abc or 6543 are.",
    "Recent years are easy to guess.": "It is a year.",
    "Dates are often easy to guess.": "It is a date.",
}
"""What zxcvbn says of a password, and what we say."""
_ADVICE = "Use three or four words that do not belong together, or add another word or two."
_scoring = threading.Lock()  # zxcvbn keeps the words that it is given in a global dictionary


def normalised(password: str) -> str:
    """Returns what is hashed: the same for keyboards that compose characters differently.

    Source: NIST SP 800-63B, section 3.1.1.2, which names NFKC.
    """
    return unicodedata.normalize("NFKC", password)


def require_acceptable(password: str, username: str) -> None:
    """Raises: InvalidInput, saying what is wrong, if the password is too short or easy to guess."""
    password = normalised(password)
    if len(password) < MIN_LENGTH or not password.strip():
        raise _refused(f"A password needs at least {MIN_LENGTH} characters.")
    if len(password) > MAX_LENGTH:
        raise _refused(f"A password has at most {MAX_LENGTH} characters.")
    name = normalised(username).casefold()
    name_parts = [part for part in re.split(r"\W+|_", name) if part]
    if password.casefold() in (name, name[::-1], _PRODUCT, _PRODUCT[::-1]):
        raise _refused("A password must not be the user name or the name of this program.")
    score, said = _score(password, [name, *name_parts, _PRODUCT])
    if score < _MIN_SCORE:
        reasons = [_WORDS[said]] if said in _WORDS else []
        raise _refused(" ".join(["This password is easy to guess.", *reasons, _ADVICE]))


def _score(password: str, personal: Sequence[str]) -> tuple[int, str]:
    """Returns zxcvbn's score, 0 to 4, and its sentence; ``personal`` words are easy to guess."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its dictionaries take a while to load

    with _scoring:
        found = zxcvbn(password[:_SCORED_LENGTH], list(personal))
    return found["score"], found["feedback"]["warning"]


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, "password")
