"""How alike two words sound: a rough spelling of the sounds, and the distance between two of them.

Speech recognition writes a name it does not know as words it knows, of nearly the same sounds. So a word is first
spelt by its sounds (English readings, since those are what recognisers fall back on; other scripts by the names
Unicode gives their letters), then compared: vowels cost little, consonants made at the same place cost less than
others.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from server.core.addressing.text import fold

# In order: the first that matches at a place is taken. Capitals are single sounds: S sh, C ch, J j, T th.
_READINGS: tuple[tuple[str, str], ...] = (
    (r"(?<=[aeiou])ch(?=[aor])", "k"), (r"tch|ch(?![lr])", "C"), (r"sch|sh", "S"), (r"ti(?=o)", "S"), (r"th", "T"),
    (r"ph", "f"), (r"ck|cq|kh", "k"), (r"qu", "kw"), (r"^kn|^gn", "n"), (r"^wr", "r"), (r"^wh", "w"), (r"^ps", "s"),
    (r"dg(?=e)", "J"), (r"gh(?=t)", ""), (r"(?<=^[a-z])e$", "i"), (r"a(?=[^aeiou]e$)", "e"),
    (r"augh|ough|eaux?|owe?$|oe$|oh$|oa(?!h)|ow(?=[^aeiouy])", "o"),
    (r"(?<=[lnrt])ez$", "e"), (r"ee|ea(?!u)|ie$|ey$|ei|ie(?=[^rt])", "i"),
    (r"ai|ay|eigh", "e"), (r"oo|ue$|ew|ou", "u"), (r"au|aw", "o"), (r"ah$|eh$|uh$", "a"), (r"e$(?<=[^aeiou]e)", ""),
    (r"(?:er|or|ar|ur|re|our)(?:$|(?=s$))", "a"), (r"mb$", "m"), (r"c(?=[eiy])", "s"), (r"g(?=[ei])|j", "J"),
    (r"c|q", "k"), (r"x", "ks"), (r"y(?=[aeiou])", "y"), (r"y", "i"), (r"r(?=[^aeiouyr])", ""),
    (r"h(?![aeiouy])", ""), (r"([a-z])\1", r"\1"),
)  # fmt: skip
_READING = tuple((re.compile(pattern), sound) for pattern, sound in _READINGS)
_VOWELS = frozenset("aeiou")
#: the weak sounds: often lost or heard where there are none
_WEAK = {"r": 0.4, "h": 0.5, "t": 0.7, "d": 0.7, "s": 0.8, "w": 0.6, "y": 0.5}
#: consonants made at one place, or in one way, are taken for each other
_ALIKE: dict[frozenset[str], float] = {
    frozenset(pair): cost
    for cost, pairs in {
        0.3: "pb td kg fv sz SC CJ lr Tf SJ yJ",
        0.5: "bm pm bv pf fm mv bf pv mn sS sT zJ sC td Tt Td kC wv pw bw vw tC dJ kh",
        0.7: "pk tk pt bd gd hp hf hm hk hb nl nd gJ bg nr wr wl",
    }.items()
    for pair in pairs.split()
}
_DROPPED_VOWEL = 0.6
_LAST_VOWEL = 0.8
_OTHER_VOWEL = 0.35


@lru_cache(maxsize=4096)
def sound(word: str) -> str:
    """The sounds of one word, a letter each."""
    word = fold(word).replace("'", "")
    if not word.isascii():
        word = _latin(word)
    spelt, at = [], 0
    while at < len(word):
        for pattern, reading in _READING:
            match = pattern.match(word, at)
            if match:
                spelt.append(match.expand(reading) if "\\" in reading else reading)
                at = max(match.end(), at + 1)
                break
        else:
            spelt.append(word[at])
            at += 1
    return re.sub(r"(.)\1+", r"\1", "".join(spelt))


def may_be(one: str, other: str) -> bool:
    """Whether two words begin with sounds that are taken for each other: cheap, and true whenever `unlike` is small."""
    a, b = sound(one[: one.find(" ")] if " " in one else one)[:1], sound(other.partition(" ")[0])[:1]
    return not a or not b or _swap(a, b) < 1.0 or a in _WEAK or b in _WEAK or (a in _VOWELS) != (b in _VOWELS)


@lru_cache(maxsize=8192)
def unlike(one: str, other: str) -> float:
    """How different two words (or several, parted by spaces) sound: 0 the same, 1 nothing in common."""
    a, b = ("".join(sound(word) for word in words.split()) for words in (one, other))
    a, b = (re.sub(r"(.)\1+", r"\1", sounds) for sounds in (a, b))
    if not a or not b:
        return 1.0
    if abs(len(a) - len(b)) > 2:
        return 1.0
    row = [0.0]
    for at in range(len(b)):
        row.append(row[-1] + _lost(b, at))
    for i, x in enumerate(a):
        above, row = row, [row[0] + _lost(a, i)]
        for j, y in enumerate(b):
            row.append(min(above[j] + _swap(x, y), above[j + 1] + _lost(a, i), row[j] + _lost(b, j)))
    return min(1.0, row[-1] / max(len(a), len(b)))


def rhymes(one: str, other: str) -> bool:
    """Whether two words differ only in their first sound: Leo and Theo."""
    a, b = sound(one), sound(other)
    return len(a) == len(b) > 2 and a[1:] == b[1:]


@lru_cache(maxsize=8192)
def one_letter_off(one: str, other: str) -> bool:
    """Edit distance of exactly one letter."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    if len(one) == len(other):
        return sum(a != b for a, b in zip(one, other, strict=True)) == 1
    short, long = sorted((one, other), key=len)
    return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))


def is_slip(heard: str, name: str) -> bool:
    """Whether a word is written like a name but for one letter that is not the first: Nora for Nova."""
    return len(heard) > 3 and heard[0] == name[0] and one_letter_off(heard, name)


def _swap(x: str, y: str) -> float:
    if x == y:
        return 0.0
    if x in _VOWELS and y in _VOWELS:
        return _OTHER_VOWEL
    if {x, y} == {"i", "y"} or {x, y} == {"u", "w"}:
        return 0.1
    return _ALIKE.get(frozenset((x, y)), 1.2)


def _lost(sounds: str, at: int) -> float:
    letter = sounds[at]
    if letter in _VOWELS:
        return _LAST_VOWEL if at == len(sounds) - 1 else _DROPPED_VOWEL
    return _WEAK.get(letter, 1.0)


def _latin(word: str) -> str:
    """Letters of other scripts by what Unicode calls them: "CYRILLIC SMALL LETTER PE" is p, "KATAKANA LETTER PA" pa."""
    spelt = []
    for letter in word:
        if letter.isascii():
            spelt.append(letter)
            continue
        name = unicodedata.name(letter, "")
        script, said = name.partition(" ")[0], name.rpartition(" ")[2].lower()
        if script in ("HIRAGANA", "KATAKANA"):
            if "SMALL" not in name:
                spelt.append(_KANA.get(said, said))
            elif said != "tu" and spelt:  # a small vowel takes the place of the one before: ヴ and ァ are va
                spelt[-1] = spelt[-1].rstrip("aiueo") + said[-1]
        elif script == "HANGUL":
            spelt.append(said)
        elif script in ("CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI"):
            spelt.append(_LETTERS[said] if said in _LETTERS else _consonants(said))
        elif script.isalpha():  # not the mark that makes a Japanese vowel long
            spelt.append(letter)
    return "".join(spelt)


#: letters whose name does not begin with, or consist of, their sound
_LETTERS = {
    "ie": "e", "yeru": "i", "yu": "u", "ya": "a", "io": "o", "sha": "sh", "shcha": "sh", "che": "ch", "zhe": "j",
    "tse": "ts", "ha": "h", "alpha": "a", "epsilon": "e", "eta": "i", "iota": "i", "omicron": "o", "upsilon": "u",
    "omega": "o", "theta": "th", "phi": "f", "chi": "h", "psi": "ps", "xi": "x", "alef": "a", "yeh": "i", "yod": "i",
    "waw": "o", "vav": "o", "ain": "a", "sheen": "sh", "shin": "sh", "khah": "h", "aa": "a", "ii": "i", "uu": "u",
    "ai": "e", "au": "o", "virama": "", "sign": "",
}  # fmt: skip

_KANA = {"si": "shi", "zi": "ji", "ti": "chi", "di": "ji", "tu": "tsu", "hu": "fu"}


def _consonants(said: str) -> str:
    """A vowel letter as it is; of a consonant's name ("pe", "er", "lamda") the first consonant."""
    if all(letter in _VOWELS for letter in said):
        return said[0]
    return next(letter for letter in said if letter not in _VOWELS)
