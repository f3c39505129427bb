"""Names as Filipinos write them, and the key under which they are found."""

import re
import unicodedata
from typing import Final

from app.patients.errors import InvalidValue
from app.patients.rules.values import SUFFIXES

MAXIMUM_NAME: Final = 80
MAXIMUM_KEY: Final = 700
# Letters that Unicode does not take apart into a base letter and an accent.
_PLAIN: Final = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"}
)
_APOSTROPHES: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})
_HYPHENS: Final = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2013": "-"})
# The same surname is written "De la Cruz", "Dela Cruz" and "Delacruz".
_JOINED: Final = {("de", "la"): "dela", ("de", "los"): "delos", ("de", "las"): "delas"}
_SHORT_FOR: Final = {"ma": "maria", "sta": "santa", "sto": "santo", "jr": "junior"}


def normal_name(text: str, *, field: str, required: bool = False) -> str:
    """A name in one form: composed letters, single spaces, plain apostrophes and hyphens.

    Capitals stay as they were typed. Raises InvalidValue for anything that is no name.
    """
    composed = unicodedata.normalize("NFC", text or "")
    name = " ".join(composed.translate(_APOSTROPHES).translate(_HYPHENS).split())
    if not name:
        if required:
            raise InvalidValue(field, "Please give a name.")
        return ""
    if len(name) > MAXIMUM_NAME:
        raise InvalidValue(field, f"A name has at most {MAXIMUM_NAME} characters.")
    if not all(_belongs_in_a_name(letter) for letter in name):
        raise InvalidValue(field, "A name has letters, spaces, hyphens, apostrophes and periods.")
    if not any(letter.isalpha() for letter in name):
        raise InvalidValue(field, "A name needs at least one letter.")
    return name


def _belongs_in_a_name(letter: str) -> bool:
    return letter in " '-.," or unicodedata.category(letter)[0] in "LM"


def normal_suffix(text: str) -> str:
    """Jr., Sr. or a Roman numeral, however it was typed. Raises InvalidValue otherwise."""
    typed = (text or "").strip().strip(".,").lower()
    if not typed:
        return ""
    known = {suffix.strip(".").lower(): suffix for suffix in SUFFIXES}
    if typed not in known:
        raise InvalidValue("suffix", f"The suffix is one of {', '.join(SUFFIXES)}.")
    return known[typed]


def full_name(first: str, middle: str, last: str, suffix: str) -> str:
    """Juan P. Dela Cruz Jr."""
    return " ".join(part for part in (first, initial(middle), last, suffix) if part)


def list_name(first: str, middle: str, last: str, suffix: str) -> str:
    """Dela Cruz, Juan P., Jr.: the surname first, as lists are sorted."""
    given = " ".join(part for part in (first, initial(middle)) if part)
    return ", ".join(part for part in (last, given, suffix) if part)


def initial(middle: str) -> str:
    """The first letter of a middle name with a period."""
    return f"{middle[0].upper()}." if middle else ""


def plain_words(text: str) -> list[str]:
    """Words in lower case without accents: Ñuñez gives nunez, D'Angelo gives dangelo."""
    decomposed = unicodedata.normalize("NFKD", (text or "").casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    letters = re.sub(r"['\u2019\u2018\u02bc`]", "", letters.translate(_PLAIN))
    return _with_joined_particles(re.findall(r"[^\W_]+", letters))


def whole_words(text: str) -> list[str]:
    """Plain words with short forms written out: Ma. as maria, Sta. as santa."""
    return [_SHORT_FOR.get(word, word) for word in plain_words(text)]


def _with_joined_particles(words: list[str]) -> list[str]:
    joined: list[str] = []
    for word in words:
        particle = _JOINED.get((joined[-1], word)) if joined else None
        if particle:
            joined[-1] = particle
        else:
            joined.append(word)
    return joined


def search_key(first: str, middle: str, last: str, suffix: str, preferred: str = "") -> str:
    """Every word under which a person is found, the surname first so that lists sort by it.

    Written-out forms (Ma. as Maria) and the surname in one word (delacruz) follow at the end.
    """
    parts = [plain_words(part) for part in (last, first, middle, suffix, preferred)]
    words = [word for part in parts for word in part]
    more = [_SHORT_FOR[word] for word in words if word in _SHORT_FOR]
    more += ["".join(part) for part in parts[:2] if len(part) > 1]
    key = " ".join(words + [word for word in more if word not in words])
    return key[:MAXIMUM_KEY].strip()
