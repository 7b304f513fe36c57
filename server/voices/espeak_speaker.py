"""Which speaker eSpeak NG takes: a language, a voice quality, a rate and a pitch in one short string.

en-us                      a language (an eSpeak voice file)
en-gb+f2                   ... with a variant: m1-m8, f1-f5, Annie, ...
en-us+m3@rate=190,pitch=40 ... with words per minute (80-450) and pitch (0-99, 50 is the variant's own)
+f3@rate=150               only the variant: the language of the text decides
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from server.errors import ProviderRefused

#: The agent's own speaker.
DEFAULT = "en-us+f2@rate=165,pitch=45"

#: Speakers that are easy to tell apart, for the people of a rehearsal.
VOICES: tuple[str, ...] = (
    "en-us+m3@rate=175,pitch=40",
    "en-gb+f2@rate=170,pitch=60",
    "en-gb-scotland+m1@rate=190,pitch=70",
    "en-us+f4@rate=185,pitch=25",
    "en-gb-x-rp+m7@rate=155,pitch=30",
    "en-us+Annie@rate=175,pitch=60",
    "en-029+m2@rate=165,pitch=85",
    "en-gb-x-gbclan+f5@rate=200,pitch=45",
    "en-us+m5@rate=205,pitch=55",
    "en-gb-x-gbcwmd+Mike@rate=160,pitch=60",
    "en-us+linda@rate=150,pitch=40",
    "en-gb+m8@rate=145,pitch=15",
    "en-us-nyc+f3@rate=210,pitch=85",
    "en-gb+steph@rate=165,pitch=20",
)

# Where a meeting's language code and eSpeak's voice have different names.
_ALIASES = {
    "zh": "cmn", "zh-cn": "cmn", "zh-tw": "cmn", "zh-hans": "cmn", "zh-hant": "cmn", "zh-hk": "yue",
    "no": "nb", "iw": "he", "in": "id", "en-uk": "en-gb", "en-au": "en-gb", "en-in": "en-gb", "pt-pt": "pt",
    "fr-ca": "fr", "sh": "hr", "tl": "en-us", "fil": "en-us",
}  # fmt: skip
# eSpeak's voice files are named by the base where the region is the usual one.
_FILES = {"en-gb": "en", "fr-fr": "fr", "es-es": "es", "de-de": "de", "it-it": "it"}
_SYNTAX = re.compile(r"(?P<base>[a-z]{2,3}(?:-[a-z0-9]{1,12}){0,3})?(?:\+(?P<variant>[A-Za-z0-9_]{1,20}))?")
_RANGES = {"rate": (80, 450), "pitch": (0, 99)}


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker for one piece. `names` are tried in order; words per minute; pitch 0-99."""

    names: tuple[str, ...]
    rate: int = 170
    pitch: int = 50


def speaker(voice: str, language: str, default: str = DEFAULT) -> Speaker:
    """Read the mini syntax. An empty voice is `default`, as far as it speaks the language.

    Raises ProviderRefused when the string is not in the syntax; a voice that does not exist is found out
    later.
    """
    wanted = _parse(voice or default)
    base, _, variant = wanted.names[0].partition("+")
    code = _language(language)
    tongues = [code, code.partition("-")[0], _parse(default).names[0].partition("+")[0] or "en-us"]
    if base and (voice or _same_tongue(base, code)):
        tongues = [base]
    elif code == "en":
        tongues = [tongues[2], "en-us"]
    suffix = f"+{variant}" if variant else ""
    names = (f"{_FILES.get(tongue, tongue)}{suffix}" for tongue in tongues)
    return replace(wanted, names=tuple(dict.fromkeys(names)))


def _same_tongue(base: str, code: str) -> bool:
    """A regional code (en-gb) asks for itself, a plain one (en) accepts any region."""
    return base == code or (("-" not in code) and base.partition("-")[0] == code)


def _language(code: str) -> str:
    plain = code.strip().lower().replace("_", "-") or "en"
    plain = _ALIASES.get(plain, plain)
    return plain if re.fullmatch(r"[a-z]{2,3}(-[a-z0-9]{1,12}){0,3}", plain) else "en"


def _parse(text: str) -> Speaker:
    head, _, tail = text.strip().partition("@")
    found = _SYNTAX.fullmatch(head)
    if found is None or not head:
        raise ProviderRefused("the name of an eSpeak voice is like en-gb+f2@rate=170,pitch=50")
    parsed = Speaker((head,))
    for item in filter(None, tail.split(",")):
        key, _, value = item.strip().partition("=")
        low, high = _RANGES.get(key, (1, 0))
        if not re.fullmatch(r"\d{1,3}", value) or not low <= int(value) <= high:
            raise ProviderRefused("an eSpeak voice takes rate=80..450 and pitch=0..99")
        parsed = replace(parsed, rate=int(value)) if key == "rate" else replace(parsed, pitch=int(value))
    return parsed
