"""The same words by two ears are one utterance, in whatever order the ears deliver them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.core import events as ev
from server.core.conversation import Config, Conversation
from server.core.sources import SAME, TRUSTED, Sources

#: seconds between what the one ear delivers and what the other does
SKEW = 6.0


def takes(sources: Sources, source: str, text: str, now: float, *, who: str = "100", final: bool = True) -> bool:
    return bool(sources.takes(ev.Heard("", text, final, who, source=source), now))


def test_one_ear_alone():
    """Whatever one ear hears counts, repetitions too."""
    for source in ("page", "host"):
        sources = Sources()
        assert all(takes(sources, source, "Yes.", number / 2) for number in range(100))


def test_the_second_hearing_is_left_alone():
    """Whichever ear is first, the other's same words are not taken; letter case and signs make no difference."""
    for first, second in (("page", "host"), ("host", "page")):
        sources = Sources()
        assert takes(sources, first, "Good morning, all!", 1.0)
        assert not takes(sources, second, "good morning all", 3.0)


def test_other_people_and_other_words_are_taken():
    """The same words of somebody else, and other words of the same person, are utterances of their own."""
    sources = Sources()
    assert takes(sources, "page", "Yes.", 1.0, who="100")
    assert takes(sources, "host", "Yes.", 1.1, who="200")
    sources = Sources()
    assert takes(sources, "page", "Yes.", 1.0)
    assert takes(sources, "host", "Yes, please.", 1.1)


def test_the_host_is_trusted_for_a_while():
    """After a final of the host the page's words, partial or final, are not needed; when it falls silent they are."""
    sources = Sources()
    assert takes(sources, "page", "half a", 0.5, final=False)
    assert takes(sources, "host", "One.", 1.0)
    assert not takes(sources, "page", "Two.", 2.0)
    assert not takes(sources, "page", "Three", 1.0 + TRUSTED - 0.1, final=False)
    assert takes(sources, "page", "Four.", 1.0 + TRUSTED)
    assert not takes(sources, "host", "Four.", 2.0 + TRUSTED)
    assert not takes(sources, "page", "Five.", 3.0 + TRUSTED)


def test_the_same_words_much_later_are_said_again():
    """What the other ear brings long after is not a second hearing."""
    sources = Sources()
    assert takes(sources, "page", "Yes.", 1.0)
    assert takes(sources, "host", "Yes.", 1.0 + SAME)


#: Utterances: a pause before each, who, what. The same short words come often, as in real meetings.
UTTERANCES = st.lists(
    st.tuples(
        st.sampled_from([0.3, 1.0, 4.0, 20.0, 70.0, 200.0]),
        st.sampled_from(["Ana", "Ben"]),
        st.sampled_from(["Yes.", "Okay, good.", "The rubber case.", "No!"]),
    ),
    min_size=1,
    max_size=12,
)
#: How much later than said each of them is delivered by the page, and by the host.
DELAYS = st.lists(st.tuples(st.floats(0.0, SKEW), st.floats(0.0, SKEW)), min_size=12, max_size=12)


def deliveries(utterances, delays):
    """(when, source, number, who, text) of both ears, each in the order in which things were said."""
    found, at = [], 0.0
    last = {"page": 0.0, "host": 0.0}
    for number, (pause, who, text) in enumerate(utterances):
        at += pause
        for source, delay in zip(("page", "host"), delays[number], strict=True):
            last[source] = max(last[source], at + delay)  # no ear delivers a later utterance first
            found.append((last[source], source, number, who, text))
    return sorted(found, key=lambda each: each[0])


@given(UTTERANCES, DELAYS)
def test_each_utterance_once(utterances, delays):
    """When both ears deliver everything, in any interleaving, each utterance is one turn, by its speaker."""
    conversation = Conversation(Config())
    for now, source, number, who, text in deliveries(utterances, delays):
        start = sum(each[0] for each in utterances[: number + 1])
        id = {"Ana": "100", "Ben": "200"}[who]
        conversation.handle(ev.Heard(who, text, True, id, start=start, end=start + 0.2, source=source), now)
    turns = sorted((turn.speaker, turn.text) for turn in conversation.transcript.turns)
    assert turns == sorted((who, text) for _, who, text in utterances)


@given(UTTERANCES, DELAYS, st.sampled_from(["page", "host"]))
def test_nothing_is_lost_by_one_ear(utterances, delays, only):
    """When only one ear delivers, every utterance of it is a turn."""
    sources = Sources()
    kept = [each for each in deliveries(utterances, delays) if each[1] == only]
    assert all(takes(sources, only, text, now, who=who) for now, _, _, who, text in kept)
