"""From speech to terms: words are folded, cut and stemmed so that "recruiting" meets "recruits".

A term is a short string. English endings are removed by a light stemmer of our own; words of other languages
pass it nearly unchanged and meet their inflections by their beginning (see `alike`). Scripts written without
spaces become pairs of characters.
"""

from __future__ import annotations

import re
import unicodedata

from server.core.memory_related import RELATED

#: scripts without spaces between words: Thai to Khmer, kana, Han, Hangul, half-width kana
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\uff66-\uff9f"
#: vowel signs of the Indic scripts are not word characters for `re`, yet they belong to the word
_WORD = re.compile(rf"[{_UNSPACED}]+|(?:(?![{_UNSPACED}])(?:[^\W_]|[\u0900-\u0dff]))+")
_UNSPACED_WORD = re.compile(rf"[{_UNSPACED}]")
#: marks that ride on Latin, Greek, Cyrillic, Hebrew and Arabic letters; people and recognisers leave them
#: out at will
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u0655\u0670]")
#: "L_C_D_" and "l.c.d." are spellings of one word
_SPELLED = re.compile(r"\b(?:[a-z][._]){2,}(?:[a-z]\b)?|\b[a-z]_(?=\W|$)")
#: "don't" ends at its apostrophe: what follows is grammar, not subject
_APOSTROPHE = re.compile(r"['’ʼ](?:s|t|d|m|ll|re|ve|em)\b")
_LONGEST = 40

_ENDINGS: tuple[tuple[str, str, int], ...] = (
    # ending, what stays in its place, letters that must remain before it
    ("isation", "ize", 3), ("ization", "ize", 3), ("ational", "ate", 3), ("ability", "able", 2),
    ("ibility", "ible", 2), ("iveness", "ive", 3), ("fulness", "ful", 3), ("ousness", "ous", 3),
    ("icity", "ic", 3), ("ality", "al", 3), ("ivity", "ive", 3), ("ation", "ate", 3), ("ition", "it", 3),
    ("ement", "e", 4), ("ingly", "", 4), ("iness", "y", 3), ("ously", "ous", 3), ("ally", "al", 3),
    ("ment", "", 4), ("ness", "", 3), ("able", "", 3), ("ible", "", 4), ("ance", "", 4), ("ence", "", 4),
    ("ical", "ic", 3), ("ship", "", 4), ("edly", "", 3), ("tion", "t", 3), ("sion", "s", 3),
    ("ful", "", 4), ("ity", "", 4), ("ous", "", 4), ("ive", "", 4), ("ise", "", 4), ("ize", "", 4),
    ("ing", "", 3),
    ("ant", "", 4), ("ent", "", 4), ("ist", "", 4), ("ate", "", 4), ("ily", "y", 3), ("ish", "", 4),
    ("ied", "y", 2), ("ed", "", 3), ("er", "", 4), ("or", "", 4), ("al", "", 4), ("ly", "", 3), ("ic", "", 4),
)  # fmt: skip


def stem(word: str) -> str:
    """The word without its English endings: "recordings" and "recorder" give "record"."""
    if len(word) < 4 or not word.isascii():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes")):
        word = word[:-2]
    elif word[-1] == "s" and word[-2] not in "sui":
        word = word[:-1]
    for more in (0, 1):  # the second ending, if there is one, must leave more of the word
        for ending, instead, rest in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= rest + more:
                word = word[: len(word) - len(ending)] + instead
                if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                    word = word[:-1]
                break
        else:
            break
    if len(word) > 3 and word[-1] == "e":
        word = word[:-1]
    elif len(word) > 3 and word[-1] == "y":
        word = word[:-1] + "i"
    return word


def words(text: str) -> list[str]:
    """The words of a text, folded, in order, stop words included."""
    text = text.lower()
    if not text.isascii():
        apart = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
        text = unicodedata.normalize("NFC", _MARKS.sub("", apart))
    text = _SPELLED.sub(lambda found: found[0].replace(".", "").replace("_", "") + " ", _APOSTROPHE.sub("", text))
    found: list[str] = []
    for word in _WORD.findall(text):
        if word.isascii():
            found.append(word[:_LONGEST])
        elif _UNSPACED_WORD.match(word):
            found.extend(word[i : i + 2] for i in range(max(1, len(word) - 1)))
        else:
            if len(word) > 4:  # the Arabic article is written onto its word
                word = word.removeprefix("وال").removeprefix("ال")
            found.append(word[:_LONGEST])
    return found


def alike(one: str, other: str) -> bool:
    """Whether two different terms begin so much the same that they are likely one word."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if len(short) < 4:
        return False
    if long.startswith(short):
        return len(short) >= 5 or len(long) - len(short) <= 2
    common = 0
    for a, b in zip(short, long, strict=False):
        if a != b:
            break
        common += 1
    return common >= 4 and common * 10 >= len(long) * 7


def _thesaurus() -> dict[str, tuple[str, ...]]:
    related: dict[str, dict[str, None]] = {}
    for entry in re.split("[/\n]", RELATED):
        group = dict.fromkeys(stem(word) for word in entry.split())
        for term in group:
            related.setdefault(term, {}).update(group)
    return {term: tuple(other for other in group if other != term) for term, group in related.items()}


#: term -> terms often said in its place
THESAURUS = _thesaurus()
