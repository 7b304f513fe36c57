"""The record that every turn ends in: who was addressed, on what evidence, what followed, and when."""

from __future__ import annotations

from dataclasses import dataclass, field

#: Plain words for every reason a decision can have. `docs/decisions.md` lists them; a test compares.
REASONS: dict[str, str] = {
    "called": "its name was called",
    "sounds-like": "something that sounds like its name was called",
    "called-then-asked": "its name was called, then the question came",
    "asked-then-called": "the question came, then its name",
    "asked-indirectly": "it was spoken of, and something wanted of it",
    "asked-all": "several were asked together, and it among them",
    "answered-us": "it had asked, and this person answered",
    "followed-up": "it had answered this person, who went on",
    "cut-in": "somebody cut in while it spoke, and meant it",
    "second-opinion": "the rules were not sure; a model says it was meant",
    "second-opinion-no": "the rules were not sure; a model says it was not meant",
    "alone": "one person is alone with it",
    "standing": "it was invited to join in for a while",
    "not-called": "nobody called its name",
    "talked-about": "it was talked about, not to",
    "quoted": "its name was only quoted",
    "other-person": "somebody else was spoken to",
    "other-assistant": "another assistant was spoken to",
    "aside": "a remark on what it said, not to it",
    "muted": "it was asked to be quiet, and is not called back",
    "joined": "it was already on its way with that",
    "thanked": "a thank-you needs no answer",
    "taken-back": "the request was taken back",
    "echo": "these are its own words coming back",
    "own-line": "these are its own words",
    "stop": "it was told to stop",
    "invited": "its hand was up, and it was invited to speak",
    "asked-to-stay": "it was invited to join in for a while",
    "dismissed": "it was told to wait until it is called",
    "be-quiet": "it was asked to be quiet",
    "interrupted": "somebody took the floor",
    "backchannel": "a murmur of agreement, not a turn",
    "no-page": "no page is there to speak through",
    "closing": "it is about to leave",
    "floor-taken": "the room went on talking and the answer grew stale",
    "merged": "the person went on, so both parts became one question",
    "timer": "a timer it was asked to set ran out",
    "operator": "the operator had it speak",
    "greeting": "it came in, and somebody was there",
    "called-in-chat": "its name was called in the chat",
    "wrote-to-us": "somebody wrote to it alone",
    "asked-in-chat": "it was told to by a line in the chat",
    "show-everybody": "it was asked to show everybody",
    "asked-to-leave": "it was asked to leave the meeting",
    "not-allowed": "this person may not ask that of it",
    "busy": "it was still writing other answers",
    "resumed": "it goes on after a restart",
    "went-on": "it was told to go on where it had been cut",
    "where": "it was asked where it had stopped",
    "came-back": "it had given way, and came back when the room was quiet",
    "let-go": "it had given way, and the moment passed",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """One turn. Times are session seconds; `times` maps a stage's name to when it was reached.

    Stages, in order: speech_end, final, committed, first_token, first_piece, voice, released, first_sound, ended.
    `verdict` is reply, silent, stop or mute; `outcome` (of a reply) is complete, interrupted, failed, withdrawn or cut.
    """

    turn: int
    at: float
    verdict: str
    reason: str
    speaker: str
    text: str
    evidence: str = ""
    floor: str = ""
    epoch: int = 0
    reply: int = 0
    outcome: str = ""
    planned: str = ""
    heard: str = ""
    brain: str = ""
    voice: str = ""
    trouble: str = ""
    times: dict[str, float] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The reason in plain words."""
        return REASONS[self.reason]
