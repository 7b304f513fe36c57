"""What holds for every order of events, every cutting of text and every point of playback."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from server.core import effects as fx
from server.core import events as ev
from server.core.chunking import LONGEST, Chunker, speakable
from server.core.conversation import Config, Conversation
from server.core.heard import SpokenReply, back_to_word
from server.core.messages import Begin, Flush
from server.core.prompt import build, tokens
from server.core.transcript import Transcript, Turn

SENTENCES = st.lists(
    st.sampled_from(
        (
            "the case is rubber . it costs 3.5 euros , and Dr. Li checks (maybe) that ! why ? see example.com now 字。"
            " … ok; fine:"
        ).split(" ")
    ),
    max_size=80,
).map(" ".join)  # fmt: skip


@given(SENTENCES, st.lists(st.integers(1, 9), max_size=60))
def test_no_word_is_lost_however_the_text_is_cut(text, cuts):
    """The pieces together say exactly the words of the text, in order, whatever the tokens were."""
    chunker, pieces, at = Chunker(), [], 0
    for cut in cuts:
        pieces += chunker.feed(text[at : at + cut])
        at += cut
    pieces += chunker.feed(text[at:]) + chunker.flush()
    said = [w for w in " ".join(pieces).split() if any(c.isalnum() for c in w)]
    meant = [w for w in speakable(text).split() if any(c.isalnum() for c in w)]
    assert "".join("".join(said).split()) == "".join("".join(meant).split())
    assert all(len(piece) <= LONGEST + 1 for piece in pieces)


@given(
    st.lists(st.text(alphabet="abc ", min_size=3, max_size=30).filter(str.strip), min_size=1, max_size=5),
    st.integers(0, 400_000),
    st.booleans(),
)
def test_heard_and_unheard_are_the_plan(texts, played, with_marks):
    """Wherever playback stopped, what was heard and what was not together are the plan, word for word."""
    reply, start = SpokenReply(), 0
    for text in texts:
        piece = reply.pieces[reply.add(" ".join(text.split()))]
        piece.start, piece.end = start, start + 1600 * len(piece.text)
        if with_marks:
            offset = 0
            for word in piece.text.split(" "):
                piece.words.append((offset, len(word), start + 1600 * offset))
                offset += len(word) + 1
        start = piece.end
    reply.report(played)
    assert f"{reply.heard} {reply.unheard}".strip() == reply.planned
    reply.report(played // 2)
    assert f"{reply.heard} {reply.unheard}".strip() == reply.planned
    reply.report(start)
    assert reply.heard == reply.planned


@given(st.text(alphabet="ab ", max_size=40), st.integers(-3, 60))
def test_a_cut_never_splits_a_word(text, cut):
    """A cut goes back to the end of a whole word."""
    part = back_to_word(text, cut)
    assert text.startswith(part)
    assert part.split() == text.split()[: len(part.split())]


_TEXTS = st.sampled_from(
    [
        "Parley, what did we decide?",
        "Parley.",
        "and the price?",
        "mm-hmm",
        "stop",
        "Parley, stop.",
        "no wait, hold on",
        "I think that is a different thing altogether",
        "Thanks Parley.",
        "Parley, be quiet.",
        "Parley, stay with us.",
        "Parley, what did Ben say about that?",
        "go on",
        "where were you?",
        "What did Parley say about the case?",
        "Yes, Parley?",
        "You chose the case.",
        "the rubber case",
        "",
    ]
)
_REPLY = st.integers(0, 4)
_FACTS = st.one_of(
    st.builds(
        ev.Heard,
        speaker=st.sampled_from(["Ana", "Ben", "Parley", ""]),
        text=_TEXTS,
        final=st.booleans(),
        speaker_id=st.sampled_from(["", "100", "200"]),
        start=st.none() | st.floats(0, 50),
        end=st.none() | st.floats(0, 60),
        source=st.sampled_from(["page", "recall", "ears"]),
    ),
    st.builds(ev.PersonSpeaks, st.sampled_from(["100", "200"]), st.just(""), st.booleans(), st.floats(0, 1)),
    st.builds(ev.PersonSeen, st.sampled_from(["100", "200"]), st.sampled_from(["Ana", "Ben", "Farley"])),
    st.builds(ev.PersonLeft, st.sampled_from(["100", "200"])),
    st.builds(ev.ChatSaid, st.sampled_from(["Ana", "Ben"]), _TEXTS, st.just("100"), st.booleans()),
    st.builds(ev.AddresseeJudged, st.integers(0, 8), st.booleans()),
    st.builds(ev.OperatorSets, st.sampled_from(["named", "standing", "muted"]), st.floats(0, 2)),
    st.just(ev.StopAsked()),
    st.builds(ev.SpeechStarted, st.floats(0, 1)),
    st.builds(ev.SpeechStopped, st.floats(0, 1)),
    st.just(ev.OnsetAtPage(-20.0)),
    st.builds(
        ev.BrainText, _REPLY, st.sampled_from(["You chose the case. ", "Well", " and so on", "It is rubber, I think."])
    ),
    st.builds(ev.BrainDone, _REPLY),
    st.builds(ev.BrainFailed, _REPLY, st.just("timeout")),
    st.builds(ev.BrainTool, _REPLY, st.sampled_from(["show_card", "set_timer", "be_quiet", "nonsense"])),
    st.builds(ev.VoiceBegan, _REPLY, st.integers(0, 3), st.integers(0, 90_000)),
    st.builds(ev.VoiceDone, _REPLY, st.integers(0, 3), st.integers(0, 90_000)),
    st.builds(ev.VoiceFailed, _REPLY, st.integers(0, 3), st.just("refused")),
    st.builds(ev.PlaybackReport, st.integers(0, 4), _REPLY, st.integers(0, 90_000), st.booleans(), st.booleans()),
    st.builds(ev.PageJoined, st.sampled_from(["a", "b"]), st.integers(0, 3), _REPLY, st.integers(0, 9000)),
    st.builds(ev.PageLeft, st.sampled_from(["a", "b"])),
    st.builds(ev.OperatorSays, st.sampled_from(["", "Hello there."])),
    st.builds(ev.OperatorMutes, st.booleans(), st.floats(0, 2)),
    st.just(ev.Resumed()),
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(_FACTS, st.floats(0, 3)), max_size=60), st.booleans(), st.booleans())
def test_any_order_of_events(facts, speculate, second_opinion):
    """In any order of events: one reply begins at a time, none in an old epoch, no guess is let out, no timer is left
    behind, and it comes back to listening."""
    config = Config(speculate=speculate, second_opinion=second_opinion)
    conversation, again = Conversation(config), Conversation(config)
    timers: dict[str, float] = {}
    now, begun, flushed = 0.0, 0, 1

    def handle(event: ev.Event) -> None:
        nonlocal begun, flushed
        effects = conversation.handle(event, now)
        assert again.handle(event, now) == effects
        for effect in effects:
            match effect:
                case fx.SetTimer(key, at):
                    timers[key] = at
                case fx.CancelTimer(key):
                    timers.pop(key, None)
                case fx.Release(reply):
                    running = conversation.delivery.running
                    assert running is not None and running.id == reply and not running.guess
                case fx.ToPage(Begin(epoch, reply)):
                    assert epoch == conversation.epoch and reply > begun
                    begun = reply
                case fx.ToPage(Flush(epoch)):
                    assert epoch > flushed
                    flushed = epoch
                case fx.Decide(decision):
                    assert decision.words
                    assert decision.planned.startswith(decision.heard) or not decision.planned

    def fire_until(limit: float) -> None:
        nonlocal now
        while timers and min(timers.values()) <= limit:
            key = min(timers, key=lambda k: timers[k])
            now = max(now, timers.pop(key))
            handle(ev.TimerFired(key))

    for fact, pause in facts:
        fire_until(now + pause)
        now += pause
        handle(fact)
    handle(ev.SpeechStopped())
    fire_until(now + 1200)  # an invitation lasts ten minutes, from when the turn is over
    assert conversation.delivery.running is None
    assert conversation.state in ("listening", "muted")
    assert conversation.hand == "" and not conversation.out.timers


@given(
    st.lists(st.tuples(st.text(max_size=400), st.floats(0, 5000)), max_size=60),
    st.text(max_size=3000),
    st.integers(800, 4000),
)
@settings(deadline=None)
def test_the_prompt_stays_within_its_budget(said, question, budget):
    """However long the meeting, the evidence and the question, the prompt is at most its budget by our estimate."""
    turns = [Turn(at, "Ana", text, start, start + 1) for at, (text, start) in enumerate(said)]
    messages = build(
        name="Parley", instructions="", question=question, asker="Ben", now=6000, turns=turns, evidence=turns[:12],
        participants=("Ana", "Ben"), past=(), unheard="", budget=budget,
    )  # fmt: skip
    assert sum(tokens(message.text) for message in messages) <= budget


@given(st.lists(st.tuples(st.sampled_from(["1", "2"]), st.integers(0, 300), st.booleans()), max_size=40))
def test_turns_are_in_order_and_never_doubled(events):
    """Late and repeated finals leave one list, in order of start, with no line twice."""
    transcript = Transcript()
    for at, (who, start, repeat) in enumerate(events):
        for _ in range(2 if repeat else 1):
            transcript.final(who, f"P{who}", f"words at {start}", at * 0.5, start=float(start), end=start + 1.0)
    starts = [turn.start for turn in transcript.turns]
    assert starts == sorted(starts)
    assert len({turn.index for turn in transcript.turns}) == len(transcript.turns)
