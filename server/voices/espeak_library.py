"""The eSpeak NG library through ctypes. Imported by the helper process only, never by the server:
eSpeak NG is GPL-3.0-or-later and stays in a process of its own.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Samples per second that eSpeak gives.
RATE = 22_050

_SYNCHRONOUS = 2
# 1: phoneme events, 2: as IPA, 0x8000: do not end the process when the data is missing.
_INIT_OPTIONS = 1 | 2 | 0x8000
_BUFFER_MS = 60
_UTF8 = 1
_END_PAUSE = 0x1000
_CHARACTERS = 1
_SPEAKING_RATE, _PITCH = 1, 3
_WORD, _PHONEME = 1, 7


class LibraryError(Exception):
    """eSpeak NG is missing or cannot work. The message may be shown to the operator."""


@dataclass(frozen=True, slots=True)
class Event:
    """A word (0-based character `offset` of the text) or a phoneme (IPA), at a sample of this text."""

    sample: int
    offset: int = 0
    phoneme: str | None = None


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))

#: Takes s16 sound at 22 050 Hz and the events that begin in it; says whether to go on.
Sink = Callable[[bytes, list[Event]], bool]


class Library:
    """eSpeak NG. It has one global state: one instance per process, one thread."""

    def __init__(self) -> None:
        library, data = _find()
        try:
            self._lib = ctypes.CDLL(library)
        except OSError as error:
            raise LibraryError("the eSpeak NG library cannot be loaded") from error
        self._lib.espeak_Synth.argtypes = (
            ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
            ctypes.c_void_p, ctypes.c_void_p,
        )  # fmt: skip
        self._lib.espeak_Info.restype = ctypes.c_char_p
        path = data.encode() if data else None
        if self._lib.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, path, _INIT_OPTIONS) != RATE:
            raise LibraryError("eSpeak NG did not start: its data folder is missing or of another version")
        self._sink: Sink | None = None
        self._failure: BaseException | None = None
        # The library keeps a bare pointer: the object must live as long as it does.
        self._callback = _CALLBACK(self._deliver)
        self._lib.espeak_SetSynthCallback(self._callback)
        self._voice: tuple[str, int, int] | None = None
        # eSpeak takes an unknown variant without a word and speaks in its plain voice.
        folder = Path(data, "voices", "!v") if data else None
        self._variants = {file.name for file in folder.iterdir()} if folder and folder.is_dir() else None

    def version(self) -> str:
        """Like "1.52.0"."""
        return str(self._lib.espeak_Info(None).decode("ascii", "replace")).split(" ")[0]

    def choose(self, name: str, rate: int, pitch: int) -> bool:
        """Take a voice. False when there is none of that name."""
        if self._voice == (name, rate, pitch):
            return True
        variant = name.partition("+")[2]
        if variant and self._variants is not None and variant not in self._variants:
            return False
        self._voice = None
        if self._lib.espeak_SetVoiceByName(name.encode()) != 0:
            return False
        self._lib.espeak_SetParameter(_SPEAKING_RATE, rate, 0)
        self._lib.espeak_SetParameter(_PITCH, pitch, 0)
        self._voice = (name, rate, pitch)
        return True

    def synthesise(self, text: str, sink: Sink, *, end_pause: bool) -> None:
        """Speak `text` (no NUL) into `sink`; ends early when the sink says so. Raises what it raised."""
        self._sink, self._failure = sink, None
        written = text.encode()
        flags = _UTF8 | (_END_PAUSE if end_pause else 0)
        code = self._lib.espeak_Synth(written, len(written) + 1, 0, _CHARACTERS, 0, flags, None, None)
        self._sink = None
        if self._failure is not None:
            raise self._failure
        if code != 0:
            raise LibraryError("eSpeak NG could not speak a text")

    def _deliver(self, wave: ctypes._Pointer[ctypes.c_short], count: int, events: ctypes._Pointer[_Event]) -> int:
        # An exception cannot travel through C: keep it and ask eSpeak to stop.
        try:
            assert self._sink is not None
            pcm = ctypes.string_at(wave, count * 2) if wave and count > 0 else b""
            return 0 if self._sink(pcm, _read(events)) else 1
        except BaseException as error:
            self._failure = error
            return 1


def _read(events: ctypes._Pointer[_Event]) -> list[Event]:
    found: list[Event] = []
    index = 0
    while events[index].type:
        event = events[index]
        if event.type == _WORD:
            found.append(Event(event.sample, offset=event.text_position - 1))
        elif event.type == _PHONEME:
            found.append(Event(event.sample, phoneme=event.id.string.decode("utf-8", "ignore")))
        index += 1
    return found


def _find() -> tuple[str, str | None]:
    """The library and its data folder: a system copy that is named, or else the one of espeakng-loader."""
    library, data = os.environ.get("ESPEAK_LIBRARY", ""), os.environ.get("ESPEAK_DATA", "")
    if not library or not data:
        try:
            import espeakng_loader
        except ImportError as error:
            if library:
                return library, None
            raise LibraryError(
                "eSpeak NG is not installed: install the extra 'voice', or set ESPEAK_LIBRARY and ESPEAK_DATA"
            ) from error
        # A system library looks for its own data; the packaged one must be told, it knows only its build
        # machine.
        if not library:
            library = espeakng_loader.get_library_path()
            data = data or str(Path(library).parent / "espeak-ng-data")
    if data and not Path(data).is_dir():
        raise LibraryError("the data folder of eSpeak NG does not exist")
    return library, data or None
