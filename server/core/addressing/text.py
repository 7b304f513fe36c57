"""An utterance as words and marks, and its sentences and clauses.

Speech recognition may give no marks and no capitals at all: every rule works without them, and better with them.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from server.core.addressing.words import DETERMINERS, MODALS, OPENERS, QUESTIONS, SUBJECTS

_TOKEN = re.compile(
    r"\d+(?:[.,:]\d+)+|\.\.\."
    r"|[\u3040-\u309f]+|[\u30a0-\u30ff\u30fc]+|[\u3400-\u9fff]+"  # hiragana, katakana, Chinese characters
    r"|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['’][^\W_\u3040-\u30ff\u3400-\u9fff]+)*"
    r"|[,.!?;:…—–、。，？！：；\"“”„«»「」]|-{1,2}(?=\s|$)"
)
_MARKS = {
    "...": "…", "—": "-", "–": "-", "--": "-", "-": "-", "、": ",", "，": ",", "。": ".", "？": "?", "！": "!",
    "：": ":", "；": ";", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "「": '"', "」": '"', '"': '"',
    ",": ",", ".": ".", "!": "!", "?": "?", ";": ";", ":": ":", "…": "…",
}  # fmt: skip
#: behind a Japanese name, part of it
_HONORIFICS = frozenset({"さん", "くん", "ちゃん", "様", "君"})
#: marks that end a sentence, and marks that part a clause from the next
ENDS = frozenset(".!?;…")
PARTS = frozenset(",-:")
# small words that are said twice on the way to the next
_STUTTERED = MODALS | SUBJECTS | DETERMINERS | QUESTIONS | frozenset("to of and so for in on".split())
# "there was": no mere opener
_EXIST = frozenset("is was are were isn't wasn't aren't weren't will has have".split())
#: contractions as a recogniser may write them
_CONTRACTIONS = {
    short.replace("'", ""): short
    for short in (
        "what's who's where's when's how's why's that's there's here's don't doesn't didn't can't couldn't wouldn't"
        " isn't aren't wasn't weren't haven't hasn't won't shouldn't you're you've i'm i've they're we've"
    ).split()
}


class Token(NamedTuple):
    """One word, folded, or one mark; `start` and `end` are its place in the utterance."""

    word: str
    start: int
    end: int
    mark: bool
    #: written with a capital first letter
    capital: bool = False


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """A word without case and accents, with a plain apostrophe."""
    word = word.casefold().replace("’", "'")
    if word.isascii():
        return word
    plain = "".join(c for c in unicodedata.normalize("NFD", word) if not "\u0300" <= c <= "\u036f")
    return unicodedata.normalize("NFC", plain)


def tokens_of(text: str) -> list[Token]:
    """The words and marks of an utterance, in order; "thank you" is one word, "thanks", and "the the" is "the"."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        raw, (start, end) = match.group(), match.span()
        mark = _MARKS.get(raw)
        if mark is not None:
            found.append(Token(mark, start, end, True))
            continue
        if raw in _HONORIFICS:
            continue
        word = fold(raw)
        if word == "you" and found and found[-1].word == "thank":
            found[-1] = Token("thanks", found[-1].start, end, False, found[-1].capital)
        else:
            word = _CONTRACTIONS.get(word, word)
            if found and found[-1].word == word and word in _STUTTERED:
                continue
            found.append(Token(word, start, end, False, raw[0].isupper()))
    return found


def sentence_start(tokens: list[Token], at: int) -> int:
    """Index of the first token of the sentence that holds this one."""
    while at > 0 and tokens[at - 1].word not in ENDS:
        at -= 1
    return at


def sentence_end(tokens: list[Token], at: int) -> int:
    """Index just behind the last token of the sentence that holds this one, its mark excluded."""
    while at < len(tokens) and tokens[at].word not in ENDS:
        at += 1
    return at


def sentences(tokens: list[Token]) -> list[list[Token]]:
    """The sentences, each with the mark that ends it."""
    found: list[list[Token]] = [[]]
    for token in tokens:
        found[-1].append(token)
        if token.word in ENDS:
            found.append([])
    return [sentence for sentence in found if any(not token.mark for token in sentence)]


def plain(tokens: list[Token]) -> str:
    """Words and marks as one folded string, a space before every word and none before a mark."""
    return "".join(token.word if token.mark else f" {token.word}" for token in tokens).strip()


def bare(tokens: list[Token]) -> list[str]:
    """Only the words."""
    return [token.word for token in tokens if not token.mark]


def clauses(tokens: list[Token]) -> list[list[str]]:
    """The words between the marks, whatever the marks."""
    found: list[list[str]] = [[]]
    for token in tokens:
        if token.mark:
            found.append([])
        else:
            found[-1].append(token.word)
    return [clause for clause in found if clause]


def without_openers(words: list[str]) -> list[str]:
    """The words from the first that says something."""
    at = 0
    while at < len(words) and words[at] in OPENERS:
        if words[at] == "there" and words[at + 1 : at + 2] and words[at + 1] in _EXIST:
            break
        at += 1
    return words[at:]
