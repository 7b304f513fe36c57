"""The one thread that writes for every recording of the process.

One and not one each: threads that write small pieces take turns with the event loop, and twenty of them kept it waiting
for a third of a second (bench/audio.py).
"""

from __future__ import annotations

import threading
from typing import Protocol

#: Seconds between two rounds. What waits when the process dies is lost.
LINGER = 0.2


class Writes(Protocol):
    """What has something to write now and then. Neither method raises."""

    def write(self) -> bool:
        """Write what waits; False when nothing more is to be written."""
        ...

    def finish(self) -> None:
        """What is left to do, which may take long."""
        ...


class WritingThread:
    """Goes round those who write. Starts with the first, and rests while there is none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: list[Writes] = []
        self._wake = threading.Event()
        self._started = False

    def add(self, each: Writes) -> None:
        """From now on this one is asked to write, until it has nothing more."""
        with self._lock:
            self._all.append(each)
            if not self._started:
                self._started = True
                threading.Thread(target=self._run, name="recordings", daemon=True).start()
        self._wake.set()

    def hurry(self) -> None:
        """Go round at once."""
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.wait(LINGER if self._all else None)
            self._wake.clear()
            for each in list(self._all):
                if not each.write():
                    with self._lock:
                        self._all.remove(each)
                    threading.Thread(target=each.finish, name="recording-end", daemon=True).start()


#: The thread of this process.
WRITING = WritingThread()
