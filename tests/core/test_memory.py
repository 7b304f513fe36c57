"""The memory finds what a question is about, in whatever order and language the turns came."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.core.memory import Found, Memory
from server.core.transcript import Turn

#: a meeting of our own: the offsite, then the budget, then the new kettle; long enough to have places
OFFSITE = [
    ("Ana", "So, the offsite. I looked at three houses near the lake."),
    ("Ben", "Is there a train?"),
    ("Ana", "Yes, an hour from the main station, then a bus."),
    ("Cleo", "I would rather have mountains, honestly."),
    ("Ana", "Mountains in November, with snow on the road?"),
    ("Ben", "Mm-hmm."),
    ("Cleo", "Fine, the lake then. How many bedrooms does it have?"),
    ("Ana", "Nine, and a long table for dinner."),
]
FILLER = [
    ("Ben", "Yeah."),
    ("Cleo", "Okay, moving along."),
    ("Ana", "Right, uh, let me share my screen."),
    ("Ben", "We can see it."),
    ("Cleo", "Anything from last week?"),
    ("Ben", "No, all of that is closed."),
    ("Ana", "The printer jammed again, I called them."),
    ("Ben", "It always does that on a Monday."),
    ("Cleo", "They promised a technician."),
    ("Ana", "Let's see."),
    ("Ben", "Alright."),
    ("Cleo", "Mm."),
]
MONEY = [
    ("Cleo", "Then money. We have spent two thirds of what we got for the year."),
    ("Ben", "On what, mostly?"),
    ("Cleo", "Travel, and the licences went up by a fifth."),
    ("Ana", "Could we drop the second licence?"),
    ("Cleo", "We could, Ben's group hardly opens it."),
    ("Ben", "True, drop it."),
    ("Cleo", "That saves four thousand euros."),
]


def turns(*spoken: tuple[str, str], first: int = 0) -> list[Turn]:
    """Turns of four seconds, one after the other."""
    return [
        Turn(index=i, speaker=speaker, text=text, start=4.0 * i, end=4.0 * i + 3.5)
        for i, (speaker, text) in enumerate(spoken, first)
    ]


MEETING = turns(*OFFSITE, *FILLER, *MONEY, *FILLER)
MONEY_AT = range(len(OFFSITE) + len(FILLER), len(OFFSITE) + len(FILLER) + len(MONEY))


def indices(found: tuple[Found, ...]) -> list[int]:
    return [one.turn.index for one in found]


def test_a_question_in_its_own_words_finds_the_place():
    """Most of what is handed on comes from the place where the subject was discussed."""
    handed = indices(Memory(MEETING).find("What did they say about the licences?"))

    assert sum(i in MONEY_AT for i in handed) >= 5


def test_a_question_in_other_words_finds_the_place():
    """Nobody said "budget", but the talk of euros and of what was spent is found by it."""
    handed = indices(Memory(MEETING).find("Summarize the discussion of the budget", limit=4))

    assert handed[0] in MONEY_AT


def test_the_forms_of_a_word_are_one_word():
    """A plural, a past tense and a noun of action find the word they come from."""
    memory = Memory(turns(*FILLER, ("Ana", "They recruited two transcribers."), *FILLER))

    for question in ("recruiting", "a transcriber", "transcribers?", "Who recruits?"):
        assert len(FILLER) in indices(memory.find(question)), question


def test_what_answers_a_fragment_comes_along():
    """A turn that holds none of the question's words is handed on when it stands in the middle of the place."""
    handed = indices(Memory(MEETING).find("train or bus to the lake"))

    assert 3 in handed


def test_whoever_is_named_is_preferred():
    """Of two lines that fit equally, the one by the person the question names comes first."""
    memory = Memory(
        turns(("Ana", "The museum is closed."), *FILLER, *FILLER, ("Ben", "The museum is closed."), *FILLER)
    )

    assert memory.find("What did Ana say about the museum?", limit=1)[0].turn.speaker == "Ana"
    assert memory.find("What did Ben say about the museum?", limit=1)[0].turn.speaker == "Ben"
    assert memory.find("What did I say about the museum?", limit=1, asker="Ben")[0].turn.speaker == "Ben"


def test_an_occasion_says_where_and_not_which_line():
    """Of two lines about the kettle, the one from the talk the question names comes first, before that talk itself."""
    kitchen = [("Cleo", "The kitchen needs paint."), ("Ben", "The kitchen, again."), ("Ana", "And a kettle.")]
    memory = Memory(turns(("Ben", "A kettle!"), *FILLER, *FILLER, *FILLER, *FILLER, *kitchen, *FILLER))

    handed = memory.find("What was said about the kettle when discussing the kitchen?")

    assert handed[0].turn.text == "And a kettle."


def test_an_occasion_may_come_first_or_be_all_there_is():
    """Named first it counts the same, and a question that otherwise only asks is about its occasion."""
    memory = Memory(MEETING)

    assert memory.find("When discussing the lake, what did they say about trains?") == memory.find(
        "What did they say about trains when discussing the lake?"
    )
    assert memory.find("What did they decide when they discussed the licences?")[0].turn.index in MONEY_AT
    assert memory.find("What happened during the discussion of the licences?")[0].turn.index in MONEY_AT


def test_a_clear_place_is_not_watered_down():
    """Where one place alone holds the question, fewer turns than allowed are handed on, two from elsewhere at most."""
    handed = indices(Memory(MEETING).find("euros, licences and travel", limit=12))

    assert sum(i in MONEY_AT for i in handed) >= len(handed) - 2
    assert 5 <= len(handed) < 12


def test_nothing_comes_before_its_time():
    """Turns from `before` on are not handed on, and do not push others in or out."""
    memory, earlier = Memory(MEETING), Memory(MEETING[:22])

    found = memory.find("What about the money and the lake?", before=22)

    assert found == earlier.find("What about the money and the lake?")
    assert max(indices(found)) < 22


def test_a_turn_with_the_same_index_replaces_the_old_one():
    """What was corrected is found by its new words only."""
    memory = Memory(MEETING)
    memory.add(Turn(index=3, speaker="Cleo", text="I would rather have a vineyard.", start=12.0, end=15.5))

    assert memory.find("vineyard")[0].turn.text == "I would rather have a vineyard."
    assert [t for t in memory.find("honestly") if "honestly" in t.turn.text] == []
    assert len(memory) == len(MEETING)


def test_a_turn_that_lost_its_words_is_gone():
    """A correction to nothing leaves no trace in what is handed on."""
    memory = Memory(turns(("Ana", "Zeppelin."), ("Ben", "Where?")))
    memory.add(Turn(index=0, speaker="Ana", text="", start=0.0, end=0.0))

    assert memory.find("zeppelin") == ()


def test_what_the_agent_said_counts_less():
    """The agent repeats questions; the people's own words come first."""
    said = turns(*FILLER, ("Cleo", "The kettle goes to the kitchen."), *FILLER, *FILLER)
    echo = Turn(index=40, speaker="Parley", text="About the kettle: the kettle.", start=160.0, end=163.0, is_agent=True)

    assert Memory([*said, echo]).find("Where does the kettle go?")[0].turn.speaker == "Cleo"


def test_nothing_found_is_nothing_handed_on():
    """A question about something else, an empty one, and an empty meeting hand on nothing."""
    memory = Memory(MEETING)

    assert memory.find("zymurgy") == ()
    assert memory.find("") == ()
    assert memory.find("?!... --- 🙂") == ()
    assert memory.find("What about the of and?") == ()
    assert memory.find("lake", limit=0) == ()
    assert Memory().find("lake") == ()


def test_the_score_says_how_much_of_the_question_was_found():
    """A line that holds all of it scores higher than the best for a question that is half about something else."""
    memory = Memory(MEETING)

    whole = memory.find("the long table for dinner")[0].score
    half = memory.find("the long table for zymurgy")[0].score

    assert 0.0 < half < whole <= 1.0


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("Wir haben den Lieferanten gewechselt.", "Wer ist der neue Lieferant?"),
        ("Die Prüfung der Brücke ist am Freitag.", "Was ist mit der Brückenprüfung?"),
        ("Le résumé est prêt pour la réunion.", "Où est le resume ?"),
        ("Мы заменили поставщика двигателей.", "Что сказали про поставщиков?"),
        ("ناقشنا الميزانية اليوم", "ماذا عن ميزانية"),
        ("Η προθεσμία είναι αύριο.", "προθεσμια"),
        ("次の会議は火曜日にします。", "火曜日に何がありますか"),
        ("我们决定推迟发布日期。", "发布日期是什么时候"),
        ("다음 회의는 화요일입니다.", "회의는 언제"),
        ("बैठक मंगलवार को होगी", "मंगलवार"),
        ("การประชุมเลื่อนไปวันศุกร์", "วันศุกร์"),
    ],
)
def test_other_languages_are_found(said, asked):
    """A question in the language of the meeting finds the line that shares its subject."""
    memory = Memory(turns(*FILLER, ("Ana", said), *FILLER))

    assert memory.find(asked)[0].turn.text == said


def test_abbreviations_are_one_word_however_they_are_spelt():
    """Letters with dots or underscores between them are the word people ask for."""
    memory = Memory(turns(*FILLER, ("Ana", "An L_C_D_ screen"), *FILLER, ("Ben", "or an l.e.d. perhaps"), *FILLER))

    assert memory.find("LCD")[0].turn.speaker == "Ana"
    assert memory.find("the LED")[0].turn.text == "or an l.e.d. perhaps"


# --- properties

texts = st.one_of(
    st.sampled_from([text for _, text in (*OFFSITE, *FILLER, *MONEY)]),
    st.text(max_size=60),
    st.sampled_from(["", "…", "\x00\ud7ff", "ﬁn\u0301 ＡＢＣ", "a" * 5000, "1.2.3_4_", "_", "'s", "٣٤", "𝔘𝔫𝔦"]),
)
meetings = st.lists(st.tuples(st.sampled_from(["Ana", "Ben", "", "C++ (x)"]), texts), max_size=60).map(
    lambda spoken: turns(*spoken)
)


@given(
    meetings, st.one_of(texts, st.text(max_size=200)), st.integers(-1, 20), st.one_of(st.none(), st.integers(-1, 70))
)
def test_whatever_is_said_and_asked(meeting, question, limit, before):
    """The limit and `before` hold, no turn is handed on twice, scores fall and stay between 0 and 1."""
    found = Memory(meeting).find(question, limit=limit, before=before, asker="Ana")

    handed = indices(found)
    assert len(handed) <= max(0, limit)
    assert len(set(handed)) == len(handed)
    assert before is None or all(i < before for i in handed)
    assert all(0.0 <= one.score <= 1.0 for one in found)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert all(one.turn is meeting[one.turn.index] for one in found)


@settings(deadline=None)
@given(meetings, texts, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(meeting, question, rng):
    """Turns that came late, twice, or first with other words give the same answer in the end."""
    late = [Turn(t.index, t.speaker, t.text[: rng.randrange(9)], t.start, t.end) for t in meeting if rng.random() < 0.3]
    rng.shuffle(late)
    again = list(meeting)
    rng.shuffle(again)
    memory = Memory(late)
    for turn in again:
        memory.add(turn)
        if rng.random() < 0.1:
            memory.find(question)

    assert memory.find(question) == Memory(meeting).find(question)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 300), st.integers(0, 2**32))
def test_a_rare_word_finds_its_turn(at, seed):
    """In 300 turns of talk, the one that holds the asked word is handed on, wherever it stands."""
    rng = random.Random(seed)
    spoken = [rng.choice([*OFFSITE, *FILLER, *MONEY]) for _ in range(300)]
    spoken.insert(at, ("Ben", "And then the wombat, you know."))

    assert at in indices(Memory(turns(*spoken)).find("Who mentioned the wombat?"))


def test_a_long_question_is_read():
    """Hundreds of words of question cost no error and still find the place."""
    question = " ".join(f"word{i}" for i in range(600)) + " the licences and the lake"

    assert len(Memory(MEETING).find("licences " + question)) > 0
