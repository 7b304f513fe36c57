"""A short meeting of our own invention, for the embedded brain to be asked about."""

from server.brains.base import BrainRequest, Spoken
from server.core.transcript import Turn

#: speaker, second of the meeting, words
LINES = (
    ("Ana", 5, "Hi everyone, um, let's get started with the autumn menu."),
    ("Ben", 15, "Sure."),
    ("Ana", 20, "The budget for the menu is, uh, is twelve thousand euros this season."),
    ("Cleo", 40, "That is less than last year, when we had fifteen thousand."),
    ("Ben", 60, "I think the pumpkin soup should, you know, stay on the menu,"),
    ("Dev", 64, "Yeah."),
    ("Ben", 66, "because the guests ask for it all the time."),
    ("Cleo", 90, "The pumpkin soup sells well, but the mushroom risotto takes forty minutes to cook."),
    ("Dev", 120, "What about the oven, does anybody know when the repair is going to happen?"),
    ("Cleo", 130, "I don't know, nobody told me."),
    ("Ana", 180, "Okay, so let's drop the risotto and keep the soup."),
    ("Ben", 188, "Agreed."),
    ("Cleo", 190, "Yeah, sounds good."),
    ("Dev", 240, "I'll call the oven company and send you the repair date by Friday."),
    ("Ana", 260, "Great. Cleo, can you write the new price list by Monday?"),
    ("Cleo", 268, "Sure, will do."),
    ("Ben", 320, "We decided last week that the terrace stays open until October."),
    ("Parley", 330, "You wanted to keep the terrace open."),
    ("Dev", 400, "The supplier for the mushrooms raised the prices by ten percent."),
    ("Ben", 470, "Parley, what was said about the soup?"),
    ("Parley", 475, "Ben said the soup should stay."),
    ("Ana", 520, "The new waiters start in the first week of September, two of them speak Italian."),
)


def turns() -> list[Turn]:
    """The meeting as turns; the agent's own are marked."""
    return [
        Turn(index, speaker, text, start, start + 1 + len(text.split()) / 2.7, is_agent=speaker == "Parley")
        for index, (speaker, start, text) in enumerate(LINES)
    ]


def request(question: str, **more: object) -> BrainRequest:
    """Ben asks, ten minutes into the meeting."""
    values = {
        "reply": 7,
        "agent_name": "Parley",
        "question": question,
        "asker": "Ben",
        "now": 600.0,
        "turns": turns(),
        "participants": ("Ana", "Ben", "Cleo", "Dev", "Eve"),
        "wall_time": "2026-11-20T14:05:00+01:00",
    }
    return BrainRequest(**(values | more))  # type: ignore[arg-type]


def spoken(text: str, at: float = 580.0) -> tuple[Spoken, ...]:
    """One earlier reply of the agent, heard to its end."""
    return (Spoken(text, text, at, True),)
