"""Words the memory knows before a meeting begins: those that say nothing, and those that only ask."""

from __future__ import annotations

_ENGLISH = """
a about above after again against all almost already also although always am an and another any
anybody anyone anything are around as at away be because been before being below between both but by
came can cannot could did do does doing done down during each either else enough especially even
ever every everybody everyone everything few for from further get gets getting give given gives
giving go goes going gone gonna good got had has have having he her here hers herself him himself
his how however i if in indeed instead into is it its itself just keep kind kinda kinds know knows
known let like little lot lots made make makes making many may maybe me mean means might mine more
most much must my myself neither never next no nobody none nor not nothing now of off often oh ok
okay on once one ones only onto or other others otherwise our ours ourselves out over own per
perhaps please put puts quite rather re really right said same saw say saying says see seem seemed
seems seen several shall she should since so some somebody someone something sometimes soon still
stuff such sure take taken takes taking than that the their theirs them themselves then there these
they thing things think this those though through thus to together too took toward towards two under
until up upon us use used uses using usually very wanna want wanted wants was way ways we well went
were what whatever when where whether which while who whole whom whose why will with within without
would yeah yes yep yet you your yours yourself uh uhm um umm hm hmm mhm mm huh er erm ah aha eh nah
sort bit actually basically obviously probably alright cause cuz don doesn didn isn wasn weren won
wouldn couldn shouldn haven hasn hadn aren ain ll ve m s t d o
"""

#: the commonest words of German, French, Spanish and Russian, without those that mean something in English
_OTHERS = """
der die das den dem des ein eine einen einem einer und oder aber ist sind ich du sie es wir ihr nicht mit von
auf für fur im zu zum zur wie wer wo dass auch noch nur so
le la les un une du et ou est sont je tu il elle nous vous ils dans sur avec que qui ne pas ce cette
el los las una y por para se del al lo como pero
и в не на я что он она мы вы они с как а то это по но из у за от к о же ли
"""

_ASKING = """
address addressed agree agreed agreement agrees answer answered answers ask asked asking asks
attitude attitudes believe believed believes bring brought come comes comment comments concern
concerned concerning concerns conclude concluded conclusion conclusions conversation consider
considered considering decide decided decision decisions deem describe described detail details
disagree disagreed disagreement discuss discussed discusses discussing discussion discussions
elaborate everyone explain explained explains express expressed feel feeling feelings feels felt
final finally find found gist group happen happened happening happens idea ideas important
importance inform introduce introduced introduction involved issue issues issued item main matter
meant mention mentioned mentioning mentions minutes opinion opinions overall overview participant
participants people point pointed points position present presentation presentations presented
presenting problem problems propose proposed proposes proposing proposal proposals purpose question
questions react reaction reason reasons recap recommend recommendation recommendations recommended
regard regarding related relevant remark remarks respond response say show speak speaker speakers
speaking spoke state stated suggest suggested suggesting suggestion suggestions suggests summarise
summarize summary summarization talk talked talking team tell thought thoughts thinking thinks told
topic topics try tried trying update updates view views viewpoint
"""

#: words that say nothing about a subject, including the noises and fillers of speech
STOP = frozenset((_ENGLISH + _OTHERS).split())

#: words that belong to the asking ("What did the group discuss about ..."); they count for little
ASKING = frozenset(_ASKING.split())
