"""The figures of one virtual meeting, from what really sounded. Pure: facts in, samples out. In seconds or words."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from server.rehearsal.manners.conditions import Conditions
from server.rehearsal.manners.facts import Facts, Line, Sounded
from server.rehearsal.manners.judge import gaps, interrupted
from server.rehearsal.scenario import SOUNDS

#: a start over a person counts when that person had spoken for so long that anybody would have noticed
PERCEIVED = 0.2
#: an onset the voice was never lowered for counts as this late
NEVER = 2.0

Samples = dict[str, list[float]]


def measure(facts: Facts, conditions: Conditions) -> Samples:
    """Every sample of every figure; shares are lists of 0 and 1."""
    samples: Samples = defaultdict(list)
    samples["starts_over"] += [float(_over_a_person(facts, reply)) for reply in facts.replies]
    samples["pause_ended"] += _pauses_ended(facts)
    samples["duck"] += _ducks(facts)
    if conditions.near:
        stopped = [flush for flush in facts.flushes if flush.reply and _sounded_at(facts, flush.decided)]
        samples["decision_to_silence"] += [flush.silent - flush.decided for flush in stopped]
    samples["heard_error"] += _heard_errors(facts)
    for line in facts.lines:
        expect = line.step.expect
        if expect.stops_within is not None and (took := _onset_to_silence(facts, line)) is not None:
            samples["onset_to_silence"].append(took)
        if expect.keeps_talking is not None and line.speaking is not None:
            if (back := _back(facts, line, line.speaking)) is not None:
                samples["resume"].append(back)
            if line.speaking.over and not line.speaking.flushed and line.speaking.decision is not None:
                planned = len(line.speaking.decision.planned.split())
                samples["words_lost"].append(float(planned - len(line.speaking.heard())))
        if expect.replies_within is not None and (late := _latency(facts, line, conditions)) is not None:
            samples["latency"].append(late)
    guessed = [decision for _, decision in facts.decisions if decision.verdict == "guess"]
    used = [decision for _, decision in facts.decisions if decision.verdict == "reply" and "guessed" in decision.times]
    samples["guess_wasted"] += [1.0] * len(guessed) + [0.0] * len(used)
    return samples


def _over_a_person(facts: Facts, reply: Sounded) -> bool:
    return any(sound.begin <= reply.begin - PERCEIVED for sound in facts.speech(reply.begin))


def _pauses_ended(facts: Facts) -> list[float]:
    """For each pause within a request: 1 when the agent began to speak before the request was over."""
    found = []
    for line in facts.lines:
        if line.step.continues is not None:
            continue
        whole = facts.group(line)
        if not any(each.step.expect.wants_reply for each in whole):
            continue
        sounds = [sound for each in whole if each.step.person == line.step.person for sound in each.sounds]
        for before, after in pairwise(sounds):
            began = any(before.end <= reply.begin < after.end for reply in facts.replies)
            found.append(float(began and after.begin > before.end))
    return found


def _sounded_at(facts: Facts, at: float) -> bool:
    return any(reply.audible(at) for reply in facts.replies)


def _gain(facts: Facts, at: float) -> float:
    return next((db for since, db in reversed(facts.gains) if since <= at), 0.0)


def _ducks(facts: Facts) -> list[float]:
    """For each onset over the full voice: how long until it was lowered, or silent."""
    found = []
    onsets = sorted((sound.begin, sound.end) for line in facts.lines for sound in line.sounds)
    for index, (begin, _) in enumerate(onsets):
        reply = next((reply for reply in facts.replies if reply.audible(begin)), None)
        if reply is None or _gain(facts, begin) < 0 or any(b <= begin < e for b, e in onsets[:index]):
            continue
        lowered = min((at for at, db in facts.gains if at >= begin and db < 0), default=begin + NEVER)
        silent = next(span.end for span in reply.spans if span.begin <= begin < span.end)
        if silent < lowered and silent == reply.end and not reply.flushed:
            continue  # it was over before anybody could have noticed
        found.append(min(lowered, silent) - begin)
    return found


def _onset_to_silence(facts: Facts, line: Line) -> float | None:
    reply = interrupted(facts, line)
    if reply is None or not reply.audible(max(line.start, reply.begin)):
        return None
    if reply.over and not reply.flushed:
        return None
    return reply.end - line.start


def _back(facts: Facts, line: Line, reply: Sounded) -> float | None:
    """From the end of a sound that was nothing to the full voice again; None when it cannot be said."""
    if reply.end <= line.end or any(gap[0] < line.start < gap[1] for gap in gaps(reply)):
        return None
    at = line.end
    for begin, end in gaps(reply):
        if line.start <= begin <= line.end + 0.5:
            at = max(at, end)
    if (full := _full_from(facts, at)) is None or full > reply.end:
        return None
    others = [sound for each in facts.lines if each is not line for sound in each.sounds]
    if any(sound.begin < full and sound.end > line.end for sound in others):
        return None
    return full - line.end


def _full_from(facts: Facts, at: float) -> float | None:
    """The first moment from `at` on at which the voice is not lowered."""
    if _gain(facts, at) == 0:
        return at
    return next((since for since, db in facts.gains if since > at and db == 0), None)


def _heard_errors(facts: Facts) -> list[float]:
    """For each reply that was stopped: by how many words its record differs from what was out."""
    return [
        float(abs(len(reply.decision.heard.split()) - len(reply.heard())))
        for reply in facts.replies
        if reply.flushed and reply.decision is not None
    ]


def _latency(facts: Facts, line: Line, conditions: Conditions) -> float | None:
    """End of the request to the first sample, where nothing but the agent's own doing lies between."""
    reply = facts.reply_to(line)
    if reply is None or reply.begin < line.end or not conditions.plain or line.step.late is not None:
        return None
    others = [sound for each in facts.lines if each.step.kind not in SOUNDS for sound in each.sounds]
    if any(sound.end > line.end and sound.begin < reply.begin for sound in others):
        return None
    if any(each is not reply and each.begin < reply.begin and each.end > line.start for each in facts.replies):
        return None
    return reply.begin - line.end
