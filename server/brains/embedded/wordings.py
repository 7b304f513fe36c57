"""What people want of the agent, and in which words: English, and the commonest wordings of three languages more."""

from __future__ import annotations

from enum import Enum, auto


class Intent(Enum):
    """What a question wants."""

    CALLED = auto()
    QUIET = auto()
    REPEAT = auto()
    GO_ON = auto()
    HIDE = auto()
    SHOW_LAST = auto()
    TIMER = auto()
    TIMER_LEFT = auto()
    CLOCK = auto()
    ELAPSED = auto()
    PEOPLE = auto()
    TALK_TIME = auto()
    SPOKE = auto()
    LAST_SPEAKER = auto()
    DECISIONS = auto()
    ACTIONS = auto()
    QUESTIONS = auto()
    SUMMARY = auto()
    SAID = auto()
    WHO_SAID = auto()
    WHEN_SAID = auto()
    HELP = auto()
    THANKS = auto()
    GREETING = auto()
    OTHER = auto()


_PEOPLE = r"(?:we|the group|the team|they|you guys|you|people|everyone|everybody|anyone|anybody|someone|somebody|us)"

#: first match wins
RULES: tuple[tuple[Intent, str], ...] = (
    (
        Intent.QUIET,
        r"^(?:(?:stop|be quiet|quiet|hush|shush|shut up|silence|enough|stop (?:talking|it|that|there|"
        r"please)|that's enough"
        r"|that is enough|never ?mind|(?:stay|go|keep) (?:quiet|silent)|mute yourself|stop speaking|no "
        r"more|hold on|wait"
        r"|cancel|don't (?:say|talk)\b.*|sei still|ruhe|stopp|still|tais-toi|silencio|calla(?:te)?|"
        r"arr[eê]te)\b\s*)+"
        r"(?:now|please|for .*|until .*|merci|bitte)?$",
    ),
    (
        Intent.REPEAT,
        r"^(?:repeat|pardon|come again|once more|again|sorry what|excuse me|wie bitte|noch ?mal|"
        r"r[eé]p[eè]te|repite)\b.{0,24}$"
        r"|\bsay (?:that|it|this) (?:louder|slower|more slowly)"
        r"|\b(?:say|repeat|tell) (?:that|it|this|us|me)?(?: to (?:me|us))? ?(?:again|once more|one more "
        r"time)\b|repeat (?:that|it|yourself)"
        r"|what did you (?:just )?say\b(?! about)|what was that|(?:didn't|did not|couldn't) (?:catch|hear|"
        r"get|understand) (?:that|it|you)",
    ),
    (
        Intent.GO_ON,
        r"^(?:go on|continue|carry on|keep going|go ahead|please go on|and then|you were saying|weiter|"
        r"continue[rz]?|sigue)\b.{0,20}$"
        r"|you were saying|finish (?:that|your (?:sentence|thought|answer))|what else were you",
    ),
    (
        Intent.HIDE,
        r"\b(?:hide|close|remove|clear|dismiss|take (?:down|away|off)|get rid of)\b.{0,20}\b(?:card|list|"
        r"table|chart|graph|screen|picture|it|that|this)\b"
        r"|take (?:it|that|this|(?:the|that|this) \w+) (?:down|away|off)",
    ),
    (
        Intent.TIMER_LEFT,
        r"how (?:long|much time)\b.*\b(?:left|remain\w*|until the timer|till the timer|on the (?:timer|"
        r"clock))|time (?:is )?left\b|when (?:is|does) the timer",
    ),
    (
        Intent.TALK_TIME,
        r"who(?:'s| has| have|'ve)? ?(?:been )?(?:talk\w*|spoke\w*|speak\w*|said) (?:the )?(?:most|least|"
        r"longest|more)|(?:talk|talking|speaking|air) ?times?\b"
        r"|who (?:dominated|is dominating|spoke up least)|how (?:much|long) (?:did|has|have|does|is) "
        r"(?!we\b|this\b|the (?:meeting|call)\b|it\b|you\b).{1,40}\b(?:talk\w*|spoke\w*|speak\w*)"
        r"|most talkative|wer .*am meisten|qui a .*parl|qui[eé]n .*m[aá]s",
    ),
    (
        Intent.ELAPSED,
        r"how (?:long|much time) (?:have|are|did|has|is|was|we've|we have)\b.*\b(?:been|talk\w*|meet\w*|"
        r"going|here|running|passed|used|spent|so far|go)\b"
        r"|how long (?:is|has) (?:this|the|our)? ?(?:meeting|call)|when did (?:we|this|the meeting|the "
        r"call)\b.*\b(?:start|begin)"
        r"|wie lange|depuis combien|cu[aá]nto (?:tiempo )?llevamos",
    ),
    (
        Intent.CLOCK,
        r"what time is it|what(?:'s| is) the (?:current |exact )?(?:time|date|day)\b(?! (?:line|frame|"
        r"limit))|what (?:day|date) is|(?:have|got) the time\b"
        r"|tell (?:me|us) the time|current time|wie viel uhr|wie sp[aä]t|quelle heure|qu[eé] hora",
    ),
    (
        Intent.LAST_SPEAKER,
        r"who (?:just|last) (?:spoke|said|talked)|who (?:was|is) (?:that|talking|speaking)\b(?! about)|who "
        r"(?:spoke|talked) last|last (?:person|one) to (?:speak|talk)",
    ),
    (
        Intent.SPOKE,
        r"who(?:'s| has| have| all)? ?(?:been )?(?:spoken|spoke|talked|speaking|talking)(?: so far| yet| "
        r"today| until now| already| here)*$"
        r"|who(?:'s| has)? (?:not |n't )?said (?:anything|something)",
    ),
    (
        Intent.PEOPLE,
        r"who(?:'s| is| are| all is)? (?:all )?(?:here|there|present|attending|on the call|in the (?:call|"
        r"meeting|room)|with us|joining|joined|in this)"
        r"|who(?:'s| is| are)? (?:the |our )?(?:participants|attendees|people)|how many (?:people|of us|"
        r"participants)|wer ist (?:hier|da|dabei)|qui est (?:l[aà]|pr[eé]sent)|qui[eé]n est[aá]",
    ),
    (
        Intent.ACTIONS,
        r"action (?:items?|points?)|\bactions\b|to-?dos?\b|to do list|next steps?|^what(?:'s| is| comes) "
        r"next$|follow[ -]?ups?\b|who (?:is|has|needs|'s|will|should|does|must)\b.{0,14}\b(?:do|doing) what"
        r"|(?:assigned|assignments?|homework)|\b(?:our|the|my|open|any|list of) tasks\b|what (?:do|does|"
        r"did|should|must|am|are|is) .{1,30}\b(?:have|need|supposed|going|promise\w*|agree\w*|commit\w*|"
        r"offer\w*) to do\b"
        r"|who (?:took|takes|is taking) (?:care|on)|who(?:'s| is| was)? (?:responsible|in charge)|aufgaben|"
        r"t[aâ]ches|tareas",
    ),
    (
        Intent.QUESTIONS,
        r"(?:open|unanswered|unresolved|outstanding|remaining|pending|unsettled) (?:questions?|issues?|"
        r"points?|topics?|things?)|questions? (?:are|were|is|still|left|that|have|we|did)\b.*"
        r"|what(?:'s| is| are| remains)? (?:still )?(?:open|unresolved|unclear|outstanding|undecided)\b|"
        r"what questions|offene fragen|questions ouvertes|preguntas abiertas",
    ),
    (
        Intent.DECISIONS,
        r"\bdecisions?\b|\bdecid\w+|\bconclu(?:de|ded|sions?)\b|\bsettled? on\b|\bagree(?:d|ment)? (?:on|"
        r"to|upon|about)\b|(?:did|have|has) " + _PEOPLE + r" (?:all )?(?:agree|settle|choose|chosen|pick)"
        r"|what (?:was|is|has been|were) (?:agreed|chosen|settled)|entscheidung|entschieden|beschlossen|"
        r"d[eé]cid[eé]|d[eé]cision|decidi(?:do|mos)|decisi[oó]n",
    ),
    (
        Intent.SUMMARY,
        r"^(?:.{0,30}\b)?(?:summar\w*|recap\w*|re-?cap|tl ?;?dr|overview|main points?|key (?:points?|"
        r"takeaways?)|takeaways|the gist|zusammenfass\w*|fass\w* .*zusammen|r[eé]sum[eé]\w*|resum\w+)\b"
        r"|catch (?:me|us|him|her|them) up|(?:bring|get) (?:me|us) up to (?:speed|date)|what (?:did|have|"
        r"'ve) i miss\w*|what(?:'s| has| is|'d)? (?:happened|happening|going on|been going on|been "
        r"happening)"
        r"|what (?:have|did|are|were|'ve) (?:we|you|they|the group) (?:been )?(?:talk\w*|discuss\w*|"
        r"cover\w*|done|do)(?: about)?(?: so far| today| until now| here| all| in (?:this|the) meeting|"
        r" in the (?:last|past).*| (?:over|for) the (?:last|past).*| since .*| before .*| just now| now)*$"
        r"|what (?:is|was|'s) (?:this|the|our) (?:meeting|call|discussion) (?:all )?about|(?:overall|whole|"
        r"entire) (?:discussion|meeting|conversation)|where (?:are|were) we\b|main (?:topics?|themes?)|"
        r"what (?:topics|subjects|points)\b",
    ),
    (
        Intent.WHO_SAID,
        r"\bwho(?:'s| has| had| was the one who| is it that)? ?(?:else )?(?:first )?(?:said|mentioned|"
        r"brought|talked|spoke|suggested|proposed|raised|asked|wants?|wanted|thinks|thought|knows|knew|"
        r"pointed|works?|worked|likes?|disagrees?d?|talks|offered|presented|explained)\b",
    ),
    (
        Intent.WHEN_SAID,
        r"\bwhen (?:did|was|were|have) (?:" + _PEOPLE + r"|i|[a-z ]{1,24})? ?(?:last |first )?(?:talk\w*|"
                                                        r"discuss\w*|mention\w*|say|said|sp(?:eak|oke)\w*|"
                                                        r"brought|bring|cover\w*)\b",
    ),
    (
        Intent.HELP,
        r"\bwho are you|what are you\b(?! (?:talk|say|do))|what can (?:you|i) (?:do|ask|say)|what do you "
        r"do|how do you work|how does this work|are you (?:an? )?(?:robot|ai|human|real|bot|person|chat "
        r"?gpt|language model|machine|computer|recording)"
        r"|introduce yourself|what(?:'s| is) your (?:name|job|purpose|role)|^help(?: me| us)?$|what(?:'s| "
        r"is) this (?:thing|bot|agent)|wer bist du|was kannst du|qui es-tu|qui [eê]tes-vous|qui[eé]n eres",
    ),
    (
        Intent.SHOW_LAST,
        r"^(?:show|display|put|see)(?: (?:me|us))? (?:that|this|it|them|those|these)\b|^(?:as|in) an? "
        r"(?:list|table|chart|graph|card)|(?:put|write) (?:that|it|this|them) (?:on|up|down|as)\b|can "
        r"(?:we|i|you) (?:see|show)(?: (?:me|us))? (?:that|it|this|them)\b",
    ),
    (
        Intent.SAID,
        r"\b(?:said|say|says|saying|mention\w*|discuss\w*|talk\w*|speak|spoke|suggest\w*|propos\w*|"
        r"explain\w*|present\w*|report\w*|complain\w*|bring up|brought up|think|thinks|thought|feel|feels|"
        r"opinions?|views?|position|updates?|according to|ask|asked|answer\w*|reply|replied|want|wants|"
        r"wanted|recommend\w*|worr(?:y|ied)|idea|ideas|concerns?)\b"
        r"|^(?:and )?(?:what|how) about\b|\btell (?:me|us) (?:more )?about\b|\banything (?:about|on)\b|"
        r"\bremind (?:me|us) (?:what|about|of|who|how)|was (?:wurde|hat|haben) .*\b(?:gesagt|besprochen)|"
        r"qu'est-ce qu.* dit|qu[eé] (?:se )?(?:dijo|dijeron|dijimos|ha dicho)",
    ),
    (
        Intent.THANKS,
        r"^(?:(?:many |ok |okay |great |perfect |no )?(?:thanks|thank you|thx|cheers|danke|merci|gracias|"
        r"great job|well done|good (?:bot|job|work|answer)|nice(?! to)(?: one| work)?|perfect|great|awesome|cool|"
        r"got it|that's all|that is all|very good|excellent))\b.{0,24}$",
    ),
    (
        Intent.GREETING,
        r"^(?:hello|hi|hey|howdy|good (?:morning|afternoon|evening|day)|welcome|hallo|guten \w+|bonjour|"
        r"hola|buen[oa]s \w+|salut|nice to meet you)\b.{0,30}$|how are you|how(?:'s| is) it going|are you "
        r"(?:there|listening|awake|ready|with us|still)|can you hear|do you hear|you there",
    ),
)  # fmt: skip
