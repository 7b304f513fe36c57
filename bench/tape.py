"""How fast the tape takes entries: `python bench/tape.py [entries]`.

Prints what one `append` costs its caller, how many entries a second reach the disk, and what opening, reading and
checking the file costs afterwards. Times are of this machine and whatever else it is doing.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from server.store.tape import SqliteTape


async def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tape.db"
        tape = SqliteTape(path, limit=count + 1)
        entries = [
            {"type": "Played", "epoch": n, "reply": n, "samples": n, "text": "about so many words"}
            for n in range(count)
        ]

        begun = time.perf_counter()
        for n, data in enumerate(entries):
            tape.append(f"session-{n % 20}", n / 100, "event", data)
        handed = time.perf_counter()
        await tape.flush()
        written = time.perf_counter()
        print(f"append, all at once     {(handed - begun) / count * 1e6:8.2f} us each")
        print(f"to disk                 {count / (written - begun):8.0f} entries/s")

        costs = []
        for data in entries[:3000]:
            before = time.perf_counter()
            tape.append("session-0", 0.0, "event", data)
            costs.append((time.perf_counter() - before) * 1e6)
            await asyncio.sleep(0.001)
        cuts = statistics.quantiles(costs, n=100)
        print(f"append, one a ms        {cuts[49]:8.2f} us p50, {cuts[98]:.2f} us p99, {max(costs):.2f} us worst")
        await tape.close()

        megabytes = path.stat().st_size / 1e6
        begun = time.perf_counter()
        tape = SqliteTape(path)
        print(f"open and check          {(time.perf_counter() - begun) * 1e3:8.1f} ms for {megabytes:.0f} MB")
        begun = time.perf_counter()
        found = tape.entries("session-1")
        print(f"read one session        {(time.perf_counter() - begun) * 1e3:8.1f} ms for {len(found)} entries")
        await tape.close()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
