"""How often someone may try a password."""

from __future__ import annotations

from collections import OrderedDict, deque

#: Wrong passwords in a minute: of one address, and of all together. The second stops a guesser with many
#: addresses; the operator's own machine needs no password and is not kept out by it.
PER_ADDRESS, ALTOGETHER = 5, 60
MINUTE = 60.0
#: Addresses remembered at once; the one not seen for longest is forgotten first.
REMEMBERED = 1000


class Attempts:
    """Wrong attempts of the last minute. Times are seconds of any clock that does not go back."""

    def __init__(self) -> None:
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    def wait(self, address: str, now: float) -> float:
        """Seconds until this address may try again; 0 when it may."""
        own = self._by_address.get(address, deque())
        waits = [_wait(own, PER_ADDRESS, now), _wait(self._all, ALTOGETHER, now)]
        return max(waits)

    def failed(self, address: str, now: float) -> None:
        """Count a wrong attempt."""
        self._all.append(now)
        self._by_address.setdefault(address, deque(maxlen=PER_ADDRESS)).append(now)
        self._by_address.move_to_end(address)
        while len(self._by_address) > REMEMBERED:
            self._by_address.popitem(last=False)


def _wait(times: deque[float], allowed: int, now: float) -> float:
    while times and now - times[0] >= MINUTE:
        times.popleft()
    return times[0] + MINUTE - now if len(times) >= allowed else 0.0
