"""Which questions point at something to be seen, and which only sound like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.looking import LONGEST, REASONS, Visible, Wish, wanted

PEOPLE = (("1", "Ana Lima"), ("2", "Ben Ortiz"), ("3", "Cleo"), ("", "Dev"))
ANAS_SCREEN = Visible("1", "Ana Lima", "screenshare")
BENS_SCREEN = Visible("2", "Ben Ortiz", "screenshare")
CAMERAS = (Visible("1", "Ana Lima", "webcam"), Visible("2", "Ben Ortiz", "webcam"))
SHARED = (*CAMERAS, ANAS_SCREEN)


def wish(question: str, visible: tuple[Visible, ...] = ()) -> Wish | None:
    """What Cleo's question wants looked at. Her own camera is off."""
    return wanted(question, PEOPLE, visible, asker_id="3", asker="Cleo")


def brief(found: Wish | None) -> str:
    """A wish in a word: screen, everybody, or whose camera; with a question mark when it is not sure."""
    if found is None:
        return ""
    what = {"screenshare": "screen", "stage": "everybody", "webcam": found.person.split()[0] if found.person else "?"}
    return what[found.source] + ("" if found.sure else "?")


# ---------------------------------------------------------------- the screen

#: wanted whether or not anybody shares a screen: the answer has to say so
ALWAYS = (
    "what's on the screen?",
    "What is on the slide?",
    "can you read the slide?",
    "read out the title on this slide please",
    "what does the slide say about prices?",
    "what does this chart say?",
    "what does this chart say about pricing?",
    "so what is this diagram about",
    "can you explain this graph to us?",
    "which colour is the highest bar in this chart?",
    "look at the chart, what is the highest value?",
    "have a look at the dashboard and tell us what is wrong",
    "what does the third row here say?",
    "what is the second column on the left?",
    "what is being shared right now?",
    "what is being shared?",
    "who is sharing their screen?",
    "what are we looking at?",
    "what do you see?",
    "what can you see on the screen",
    "tell us what you see",
    "can you see the screen?",
    "can you see our screen",
    "can you see what I'm pointing at?",
    "can you see this?",
    "look at this",
    "what does it say there at the top?",
    "what's written up there?",
    "describe the screen",
    "is there a typo on screen?",
    "what's in the picture on slide four?",
    "what does the slide behind you say?",
    "how does my slide look?",
    "explain the diagram",
    "summarise the slide",
    "what is shown right now?",
    "who's in the picture here?",
    "what else do you see?",
    "kannst du den Bildschirm sehen?",
    "peux-tu lire la diapo ?",
    "¿puedes leer la pantalla?",
    "we were at the numbers. Which of them is on the slide now?",
    "show me what's on the screen",
    "add what's on the slide to your notes",
    # German, French, Spanish
    "was steht auf der Folie?",
    "was siehst du auf dem Bildschirm?",
    "was zeigt dieses Diagramm?",
    "lies die Folie vor",
    "schau dir diese Grafik an",
    "was wird gerade geteilt?",
    "qu'est-ce qu'il y a sur l'écran ?",
    "que dit cette diapo ?",
    "que montre ce graphique ?",
    "regarde ce schéma, que vois-tu ?",
    "¿qué dice la diapositiva?",
    "¿qué hay en la pantalla?",
    "explica este gráfico",
    "¿qué ves?",
)


@pytest.mark.parametrize("visible", [(), CAMERAS, SHARED], ids=["nothing", "cameras", "shared"])
@pytest.mark.parametrize("question", ALWAYS)
def test_a_question_about_the_screen_is_a_wish_even_when_nothing_is_shared(
    question: str, visible: tuple[Visible, ...]
) -> None:
    """Somebody who asks about a screen wants it looked at, or wants to hear that there is none."""
    found = wish(question, visible)

    assert brief(found) == "screen"
    assert found is not None and found.why in REASONS
    assert found.there is (ANAS_SCREEN in visible)
    assert found.person_id == ("1" if found.there else "")


#: (question, what it is while a screen is shared); none of these is a wish otherwise
ONLY_WHILE_SHARED = (
    ("what's the total in the chart?", "screen"),
    ("what does the graph show for May?", "screen"),
    ("read the third row", "screen"),
    ("what's in the last column?", "screen"),
    ("which of these numbers is wrong?", "screen"),
    ("can you explain this error?", "screen"),
    ("what does that button do?", "screen"),
    ("which bar is the highest?", "screen?"),
    ("what's in column B?", "screen?"),
    ("why does this function fail?", "screen"),
    ("can you read the small print at the bottom?", "screen"),
    ("what's that thing on the left?", "screen?"),
    ("what is this presentation about?", "screen?"),
    ("can you see whether the chart is done?", "screen?"),
    ("what is the total?", "screen?"),
    ("is the legend right?", "screen?"),
    ("what does this mean?", "screen?"),
    ("what is this", "screen?"),
    ("what does it say?", "screen?"),
    ("please read it out", "screen?"),
    ("let's look at the budget, is it too high?", "screen?"),
    ("make a table from this slide", "screen?"),
    ("turn the numbers in this chart into a list", "screen?"),
    ("wie hoch ist die Zahl in der zweiten Spalte?", "screen"),
    ("combien dans la dernière colonne ?", "screen?"),
    ("¿cuál es el total de la tabla?", "screen"),
    # about another time, yet the screen may show it again
    ("what do you think about the chart we discussed last week?", "screen?"),
    ("what did Ana say about this slide?", "screen?"),
    ("what was on the last slide?", "screen?"),
    ("what did we decide about this diagram?", "screen?"),
    ("what has Ana just shown on the screen?", "screen?"),
)


@pytest.mark.parametrize(("question", "expected"), ONLY_WHILE_SHARED)
def test_vaguer_words_count_only_while_a_screen_is_shared(question: str, expected: str) -> None:
    """Without one they are about what was said; with one, a model may have to decide whether to look."""
    assert brief(wish(question, SHARED)) == expected
    assert wish(question) is None
    assert wish(question, CAMERAS) is None


# ---------------------------------------------------------------- people

SOMEBODY = (
    ("what is Ana holding?", "Ana"),
    ("what's Ben Ortiz holding up there", "Ben"),
    ("what is Ana wearing today?", "Ana"),
    ("what's Ben doing right now?", "Ben"),
    ("what is Dev drinking", "Dev"),
    ("what am I holding?", "Cleo"),
    ("what am I holding in my hand?", "Cleo"),
    ("can you see me?", "Cleo"),
    ("do you see Ben?", "Ben"),
    ("can you still see Ana on camera?", "Ana"),
    ("look at Ben", "Ben"),
    ("please take a look at Ana Lima and tell me what you think", "Ana"),
    ("is Ben smiling?", "Ben"),
    ("is Ana at her desk?", "Ana"),
    ("am I in the frame", "Cleo"),
    ("do I look tired?", "Cleo"),
    ("what do I look like?", "Cleo"),
    ("how does Ben look today?", "Ben"),
    ("what's behind Ana?", "Ana"),
    ("what colour is Ben's shirt?", "Ben"),
    ("what's on the poster in my background?", "Cleo"),
    ("read what it says on Ana's mug", "Ana"),
    ("which book is Ana holding?", "Ana"),
    ("how many fingers am I holding up?", "Cleo"),
    ("guess what I'm holding", "Cleo"),
    ("can you tell us what Ben is wearing?", "Ben"),
    ("what does Ana have in her hand?", "Ana"),
    ("wie sehe ich aus?", "Cleo"),
    ("¿qué tiene Ana en la mano?", "Ana"),
    ("was hält Ana in der Hand?", "Ana"),
    ("was halte ich hoch?", "Cleo"),
    ("siehst du mich?", "Cleo"),
    ("schau dir mal Ben an", "Ben"),
    ("que tient Ana ?", "Ana"),
    ("qu'est-ce que je tiens ?", "Cleo"),
    ("est-ce que tu me vois ?", "Cleo"),
    ("tu vois Ben ?", "Ben"),
    ("¿qué lleva Ana?", "Ana"),
    ("¿me ves?", "Cleo"),
    ("mira a Ben", "Ben"),
    ("how many people do you see?", "everybody"),
    ("how many of us can you see?", "everybody"),
    ("who can you see?", "everybody"),
    ("can you see us?", "everybody"),
    ("who is wearing a hat?", "everybody"),
    ("is anyone raising their hand?", "everybody"),
    ("wie viele Leute siehst du?", "everybody"),
    ("combien de personnes vois-tu ?", "everybody"),
    ("¿cuántas personas ves?", "everybody"),
)


@pytest.mark.parametrize("visible", [(), CAMERAS, SHARED], ids=["nothing", "cameras", "shared"])
@pytest.mark.parametrize(("question", "expected"), SOMEBODY)
def test_a_question_about_somebodys_looks_names_them(
    question: str, expected: str, visible: tuple[Visible, ...]
) -> None:
    """By name, by part of a name, or by "I" and "me" for whoever asks."""
    assert brief(wish(question, visible)) == expected


def test_who_is_meant_carries_the_id_of_the_meeting() -> None:
    """The id finds the picture, the full name is for the answer."""
    found = wish("what is Ben holding?", CAMERAS)

    assert found is not None
    assert (found.source, found.person_id, found.person, found.there) == ("webcam", "2", "Ben Ortiz", True)
    assert found.visible == CAMERAS and "Ben" not in repr(found)


def test_somebody_without_an_id_has_no_picture() -> None:
    """Pictures are told apart by id, so the camera of another person is not theirs."""
    found = wish("what is Dev drinking?", CAMERAS)

    assert found is not None and (found.person_id, found.person, found.there) == ("", "Dev", False)


def test_of_two_with_one_name_the_one_with_a_picture_is_meant() -> None:
    """The answer then says the full name."""
    people = (("7", "Ben Adler"), ("2", "Ben Ortiz"))

    found = wanted("look at Ben", people, CAMERAS)
    assert found is not None and found.person == "Ben Ortiz"
    other = wanted("look at Ben Adler", people, CAMERAS)
    assert other is not None and other.person_id == "7" and not other.there


def test_what_somebody_shows_is_on_their_screen_while_they_share_it() -> None:
    """Showing and pointing happen on a camera that is on, otherwise; sharing only ever on a screen."""
    assert brief(wish("what is Ana showing us?", SHARED)) == "screen"
    assert brief(wish("what is Ben showing us?", SHARED)) == "Ben"
    assert brief(wish("what is Ana pointing at?", CAMERAS)) == "Ana"
    assert brief(wish("what is Ana drawing?")) == "screen"
    shares = wish("what is Ben sharing?", SHARED)
    assert brief(wish("what am I sharing?", SHARED)) == "screen"
    assert brief(shares) == "screen" and shares is not None and shares.person_id == "2" and not shares.there


def test_this_is_on_the_askers_camera_when_no_screen_is_shared() -> None:
    """ "Can you see this?", with something held up."""
    me = Visible("3", "Cleo", "webcam")

    assert brief(wish("can you see this?", (*CAMERAS, me))) == "Cleo"
    assert brief(wish("what do you see?", (me,))) == "Cleo"
    assert brief(wish("can you see this?", (*SHARED, me))) == "screen"


def test_a_screen_has_an_owner() -> None:
    """Of two shared screens the named one is meant, else the latest; a chart of Ana's may be on Ben's screen."""
    both = (ANAS_SCREEN, BENS_SCREEN)

    def whose(question: str, visible: tuple[Visible, ...]) -> str:
        found = wish(question, visible)
        assert found is not None and found.source == "screenshare"
        return found.person_id

    assert whose("what's on the screen?", both) == "2"
    assert whose("what's on Ana's screen?", both) == "1"
    assert whose("what does Ana Lima's slide say?", both) == "1"
    assert whose("what's on Ana's screen?", (BENS_SCREEN,)) == "1"
    assert whose("what's the peak in Ana's chart?", (BENS_SCREEN,)) == "2"
    assert whose("can you see my screen?", both) == "3"


# ---------------------------------------------------------------- what only sounds like it

NEVER = (
    "show me the summary",
    "show the chart again",
    "can you look into the screen issue?",
    "summarize the presentation and the discussion on requirements",
    "I left it in Ana's jacket, where did we put the key?",
    "skip that one, what's next?",
    "what is shared between the teams?",
    "put that on the screen",
    "show the action items on the screen please",
    "hide this chart",
    "take the table down",
    "can you close the card?",
    "make a chart of the talk time",
    "what's on your tile?",
    "what is on your screen?",
    "the chart you made, what was the source?",
    "I see. What did we decide?",
    "you see, we have no budget, what now?",
    "as you can see we are late, how long have we been talking?",
    "let's see, who is here?",
    "look, we decided that yesterday, didn't we?",
    "look, what is the plan?",
    "are we all on the same page?",
    "what's the bottom line?",
    "what do you see as the main risk?",
    "do you see a problem with the plan?",
    "can you see why that matters?",
    "do you see what I mean?",
    "did Ana look into the contract?",
    "it looks like we are done, what is next?",
    "I'm looking forward to it, when is the launch?",
    "what is Ana doing next week?",
    "what is Ben doing about the contract?",
    "what is Ana presenting next week?",
    "who is working on the slides?",
    "who is preparing the presentation?",
    "when are the slides due?",
    "can you send the slides to Ben?",
    "can we have a slide for the budget?",
    "do you think that charts help?",
    "what is holding us back?",
    "what is Ana's opinion?",
    "what did Ana say?",
    "who will look after the screen printing?",
    "who is here?",
    "how many people are in the meeting?",
    "is there anything left to do?",
    "what time is it?",
    "remind me in five minutes",
    "what does Ben think about the big picture?",
    "what's the number of guests?",
    "is it off the table?",
    "don't look at the screen, just tell me what we decided",
    "Ana will read the contract, right?",
    "what does it mean for the team?",
    "how does the plan look?",
    "look at Zoe",
    "what do we have to do this week?",
    "summarise the meeting",
    "zeig die Zusammenfassung",
    "was hat Ana gesagt?",
    "was macht das Projekt?",
    "montre le résumé",
    "que pense Ana du budget ?",
    "muestra el resumen",
    "¿qué dijo Ana?",
    "",
    "…",
)


@pytest.mark.parametrize("visible", [(), SHARED], ids=["nothing", "shared"])
@pytest.mark.parametrize("question", NEVER)
def test_unrelated_talk_is_no_wish(question: str, visible: tuple[Visible, ...]) -> None:
    """Sayings, orders to show something, the agent's own tile, plans and memories, shared screen or not."""
    assert wish(question, visible) is None


def test_people_nobody_knows_cannot_be_looked_at() -> None:
    """A name of nobody in the meeting is no wish, and "me" needs somebody who asks."""
    assert wanted("can you see me?", PEOPLE, ()) is None
    assert brief(wanted("can you see this?", PEOPLE, (Visible("9", "", "webcam"),))) == "screen"
    me = wanted("can you see me?", PEOPLE, (), asker="Cleo")
    assert me is not None and me.person_id == "3"  # known by name alone
    assert wanted("look at Ben", (), ()) is None


# ---------------------------------------------------------------- whatever is said


def test_only_the_end_of_a_long_question_counts() -> None:
    """What was pointed at minutes ago is not what is asked now, and no question takes long to judge."""
    assert wish("what's on the slide? " + "so " * LONGEST) is None
    assert brief(wish("so " * LONGEST + "what's on the slide?")) == "screen"


_WORDS = st.sampled_from(
    (
        "what is are the this that my ana's ana ben you see look at on slide chart row here holding up can read , . ? "
        "l' qu'"
    ).split()
)


@given(st.lists(_WORDS | st.text(max_size=8), max_size=40), st.sampled_from([(), CAMERAS, SHARED]))
def test_any_talk_is_judged(parts: list[str], visible: tuple[Visible, ...]) -> None:
    """Whatever is said, the answer is a wish with a reason, or none."""
    found = wish(" ".join(parts), visible)

    assert found is None or (found.why in REASONS and found.visible == visible)
    assert found is None or found.sure or found.there


def test_the_view_of_the_whole_meeting_stands_in_for_the_screen():
    """The recorder's view is looked at where nothing else is sent; a screen of its own comes first."""
    stage, screen = Visible("", "", "stage"), Visible("100", "Ana", "screenshare")
    people = [("100", "Ana")]
    asked = "What does this slide say?"
    found = wanted(asked, people, (stage,))
    assert found is not None and found.source == "stage"
    found = wanted(asked, people, (stage, screen))
    assert found is not None and (found.source, found.person_id) == ("screenshare", "100")
