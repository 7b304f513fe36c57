"""Words that are not for the agent though it has just spoken: to the people in the room, to oneself, a thought.

Pure tests of the words, joined by single spaces; `core` is what stands behind the openers ("okay so").
"""

from __future__ import annotations

import re


def phrases(*parts: str, start: str = r"\b", end: str = r"\b") -> re.Pattern[str]:
    """A pattern of whole phrases, any of these."""
    return re.compile(f"{start}(?:{'|'.join(parts)}){end}")


# not "when you've got a sec": that is when it is to be done
_MOMENT = (
    r"(?<!for )(?<!in )(?<!you've got )(?<!you have )(?<!you get )"
    r"(?:one|just a|a|give me a) (?:second|moment|minute|sec)"
)
# said to the people in the room
_GROUP = phrases(
    r"(?<!to )(?<!for )(?<!with )(?:everyone|everybody)|all of (?:you|us)|you all|y'all",
    r"you (?:guys|two|three|lot|both)|both of you|guys|folks",
    r"(?:anyone|anybody|someone|somebody)(?: else)? (?:have|has|want|know|object|remember|got|else|who|up|can|should"
    r"|please|call|get|take|tell)",
    r"(?:does|do|did|can|could|would|will|is|has|have) (?:anyone|anybody|someone|somebody)",
    r"who (?:has (?:an?|any|something|anything|time)|knows|wants|would like|is going to|will|can|else|volunteers|agrees"
    r"|disagrees)|who'd like|who's (?:got|\w+ing|up|in(?! (?:it|this|that|the|there)\b)|with|next|first)",
    r"(?:shall|should|may|could|can) (?:we|i)(?! (?:just |also |maybe |please )?(?:get|have|see|hear)\b)"
    r"|why (?:don't|not) we|what if we|how about we",
    r"let's|let us|do we (?:all|want|agree|need|think|like|really|go|even)",
    r"are we (?:all|happy|agreed|okay|ok|good|done|ready|fine|in agreement)",
    r"(?:what|how|where|when) (?:do|should|shall|can|could|would|will|are) we(?! (?:on|at|late|early|behind)\b)",
    r"we (?:should|could|can|need|must|have to|will)|we'll|(?<!there )any objections?|any other|agreed$",
    r"alguien|vamos|jemand|sollen wir|wollen wir|quelqu'un|on fait|on y va",
)
# "does that work for everyone": yes or no, asked of everybody; not "which date works for everyone"
_SUITS = re.compile(
    r"^(?:(?:so|okay|ok|right|then|and|well|but|good|great|fine|now) )*"
    r"(?:(?:does|do|will|would|is|are|isn't|doesn't|wouldn't) (?:\w+ ){1,3}|(?:that )?)"
    r"(?:works?|suits?|do|ok|okay|fine|good|alright|all right|clear|acceptable|happy|convenient) "
    r"(?:(?:for|with|by|to) )?(?:everyone|everybody|you all|all of (?:you|us)|us all|the (?:group|room|team))\b"
)
_WE = re.compile(
    r"^(?:(?:so|okay|ok|right|then|and|well|but|good|great|fine) )*(?:we|anyone|anybody|somebody|someone)\b"
)
# what the speaker thinks or is about to do: no question, and none to what is said beside
_THINKING = phrases(
    r"let me (?!know|hear|have)|i (?:knew|thought|told|think|guess|suppose|see|wonder|doubt|bet|hope|like|love"
    r"|don't know|dunno|would have|would've|could have)|i'd have|i'll|i'm|did i|was i"
)
_YOUR_TURN = re.compile(
    r"\b(?:can|could|will|would) you\b(?! (?:believe|imagine))|\bare you (?:sure|certain|positive)\b"
)
# said to oneself, to nobody, or about what was heard
_MUSING = phrases(
    r"where (?:are you|did i|were we|was i)|what was i|why won't|did you (?:get|catch) that$",
    r"isn't (?:it|that|this) (?:great|amazing|funny|nice|lovely|wonderful|crazy|fantastic|cool|strange|odd|weird|fun)",
    r"why (?:is|are|won't|does|am) (?:this|it|that|i|my)(?: \w+)? (?:so|not|always|keep|load|work)",
    # "isn't that what Ana was saying"
    r"(?:isn't|wasn't) (?:that|it|this) (?:(?:just|exactly|basically) )?what (?!(?:you|it|the|our|we|they|i)\b)\w+"
    r" (?:(?:was|were|is|has|had|just) )*(?:said|says?|saying|meant|means|told|thought|asked|wanted|after)",
    r"who knew|who (?:would|could) have|who'd have|who cares",
    r"(?:did|do|are|is|was|have|has) (?:you|he|she|it|they) (?:now|indeed)$|who knows|tell me about it",
    r"say no more|what a",
    r"how (?:about that|nice|funny|odd|strange|interesting)|come on|of course|no way|you see|(?<!\w )see(?!.* you)",
    r"what do you (?:think|reckon|say)|can you (?:believe|imagine)|would you believe",
    r"(?:do|did|don't) you (?:want|like|agree|mind|think|feel|believe|hear|see|bring|talk|speak|ever)",
    r"are you (?:coming|ready|okay|ok|free|happy|going|all|in|there yet)|were you",
    r"have you (?:all|seen|been|ever|tried)",
    r"(?:it|he|she|they) (?:just )?(?:said|says|told|knows|is right|was right)",
    r"pass me|hand me|hello|call (?:you|me) back|not to (?:me|you)",
    _MOMENT,
    r"(?:be|see|back|there|with|join)(?: \w+){0,2} in (?:a|one) (?:second|moment|minute|sec)",
)
# "that's cheap, isn't it": an opinion
_TAG = phrases(
    r"right|eh|huh|no|don't you think"
    r"|(?:is|was|are|were|has|have|does|do|did|will|would|can|could|wo|ca)(?:n't)? (?:it|they|he|she|we)",
    start=r"^(?:well |so |but )?(?:that's|that is|it's|it is|this is|that was|they're|he|she|they|sounds|looks)\b.*\b",
    end="$",
)
_DONT_YOU = re.compile(r"\b(?:don't|aren't|wouldn't|didn't|haven't|can't) you$")
_HOLDS = phrases(
    _MOMENT,
    r"let me (?:think|see|check|ask|look)|hang on|hold on|i(?:'ll| will) (?:have to )?(?:check|ask|think|look|see)",
    r"i need to (?:check|ask|think)|we(?:'ll| will) (?:check|see|get back)",
    start=r"^(?:(?:um|uh|er|hmm|well|good question|oh|ah|okay|ok|so)\W*)*",
)
_TO_THE_ROOM = phrases(
    r"let's (?!say\b|make it\b)\w+|shall we|should we|what do (?:you|we)(?: \w+)? think|everyone|everybody"
)


def is_for_the_room(said: str) -> bool:
    """Whether the people in the room are meant, all of them or any."""
    return bool(_GROUP.search(said) or _WE.match(said) or _SUITS.match(said))


def names_the_room(said: str) -> bool:
    """Whether everybody is named or asked in these words, whatever else is said."""
    return _GROUP.search(said) is not None


def puts_off(said: str) -> bool:
    """Whether the answer is put off, or the room is asked for it: "let me check", "what do we think"."""
    return bool(_HOLDS.search(said) or _TO_THE_ROOM.search(said))


def is_thought(core: str) -> bool:
    """Whether the speaker tells a thought or a plan: no question, and none to what is said beside."""
    return _THINKING.search(core) is not None


def is_your_turn(core: str) -> bool:
    """Whether the one spoken to is asked to do something, or to be sure: "can you check that"."""
    return _YOUR_TURN.search(core) is not None


def is_musing(core: str) -> bool:
    """Whether the words are said to oneself, to nobody, or about what was heard."""
    return _MUSING.search(core) is not None


def is_opinion(core: str) -> bool:
    """Whether an opinion is told with a tag behind it: "that's cheap, isn't it"."""
    return bool(_TAG.search(core) or _DONT_YOU.search(core))
