"""The heard text at random cuts: a reply is stopped at twenty random moments, and its record compared with the truth.

Half of the cuts have a voice that marks its words, half one that does not; the page's last word comes late in some.
"""

from __future__ import annotations

from random import Random

from server.rehearsal.manners.measuring import measure
from server.rehearsal.manners.meeting import play
from server.rehearsal.scenario import parse_scenario

CUTS = 20
#: seconds of the reply within which it is cut
FIRST, LAST = 0.6, 8.0


def heard_errors(seed: str = "cuts") -> list[float]:
    """The error of each cut, in words."""
    chance, errors = Random(seed), []
    for cut in range(CUTS):
        scenario = parse_scenario(
            {
                "title": f"cut {cut + 1}",
                "agent": "Parley",
                "people": ["Ana", "Ben"],
                "conditions": {"marks": cut % 2 == 0, "report delay": [0, 0.15]},
                "steps": [
                    {"at": 1, "ana": "Parley, what did we decide about the case?"},
                    {
                        "after": f"reply has played {chance.uniform(FIRST, LAST):.3f}s",
                        "ana": "Parley, stop.",
                        "expect": {"stops within": 2},
                    },
                ],
            },
            name=f"cut-{cut + 1}",
        )
        errors += measure(play(scenario, seed=seed).facts, scenario.conditions)["heard_error"]
    return errors
