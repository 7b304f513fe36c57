"""Words by what they do in an utterance: open it, ask, command, name other machines, or just mean themselves.

The English ones, joined with those of `languages.py`. All case-folded, without accents (`core/addressing/text.py` folds
what was said the same way).
"""

from __future__ import annotations

from server.core.addressing import languages
from server.core.addressing.languages import words as _words

#: said before a name to call somebody
HEY = languages.HEY | _words("hey hi hello hiya yo ok okay morning evening")
#: said before a name to its bearer, too: "thanks Ana"
THANKS_TO = languages.THANKS_TO | _words("sorry thanks pardon cheers ta")
#: noises and hesitations: as if not said
FILLERS = _words("um uh er erm hmm hm mm mmm ah aha oh oho ooh eh uhm ahm euh este aeh ehm eeh")
#: words that may lead to a name or a question without saying anything themselves
OPENERS = HEY | FILLERS | languages.OPENERS | _words(
    "all so well and but now right yes yeah yep no alright actually sorry please also dear excuse me thanks then good",
    "great fine perfect lovely cool nice brilliant super exactly anyway first next just one quick thing question",
    "cheers ta wait hang on hold afternoon there because plus again kindly mate buddy bro ji",
)  # fmt: skip
QUESTIONS = languages.QUESTIONS | _words(
    "what what's what're what'd what'll who who's who're who'd whom whose when when's where where's why why's how",
    "how's which whereabouts",
)  # fmt: skip
#: behind a German "was" (what); an English one is a verb
WAS_ASKS = _words(
    "ist sind war waren hat haben hast habt wird werden wurde wurden soll sollen kostet kosten denkst meinst",
    "machst machen macht gibt bedeutet heisst kommt steht fehlt passiert weisst sagt sagst du wir ihr fur muss",
    "mussen kann konnen konnte hatten hattest wollten sollten sollte wollen noch genau spricht halt haltst",
)  # fmt: skip
#: verbs that stand before their subject in a question
MODALS = languages.MODALS | _words(
    "can could would will do does did should shall have has had is are was were may might won't wouldn't can't",
    "couldn't don't doesn't didn't isn't aren't wasn't weren't haven't hasn't am",
)  # fmt: skip
_ADDRESSED = languages.YOU | _words("you you've you're you'll you'd")
#: subjects that follow a modal in a question
SUBJECTS = _ADDRESSED | languages.SUBJECTS | _words(
    "we us it they there he she i anyone anybody someone somebody everyone everybody anything one",
)  # fmt: skip
YOU = _ADDRESSED | _words("your yours yourself")
DETERMINERS = _words("the a an this that these those our my your his her their its any some no every each")
#: what a person may tell an assistant to do, as the first word of a clause
IMPERATIVES = languages.IMPERATIVES | _words(
    "tell show give send list summarise summarize recap repeat say explain",
    "remind set start stop pause resume wait hold hang be mute unmute hide put read find check note write draft",
    "help go continue carry keep speak talk walk describe compare name count add take look draw make open close",
    "extend postpone",
    "save share post email mail message book schedule cancel delete remove search google translate spell",
    "calculate compute work figure convert play skip move log record mark create update change pull bring get",
    "fetch print download upload dial assign confirm verify review define suggest recommend propose pick choose",
    "rank sort order tag ping notify forward copy switch turn leave introduce greet welcome sing wrap sum quote",
    "correct fix redo undo try guess estimate plan prepare ignore remember answer respond reply enter fill",
    "highlight scroll zoom display present rename drop file flag organise organize rephrase shorten simplify jot",
    "capture do let double run finish enlighten refresh shut exit quit come step dig expand elaborate break sync",
    "reset join hurry stay hush shush slow speed focus raise lower end begin restart split combine merge attach",
    "include exclude replace rewrite polish transcribe quiz ask act comment weigh jump mention clear clarify",
    "narrow outline inform warn alert prompt brief point bear ring text zip pin unpin lock fire shoot decide vote",
    "judge settle rule circulate confirm enter type reword shift push pop chuck stick grab dig whip hook crunch tally",
    "total list carry number enumerate dictate recite contact invite accept approve reject arrange reserve order",
    "buy scrap strike use insert append paste swap trim cut tweak",
)  # fmt: skip
#: verbs said of the agent, not to it, when they follow its name at once
VERBS_AFTER = languages.VERBS_AFTER | _words(
    "is was has had said says will would can't cannot could does did doesn't didn't isn't wasn't won't wouldn't",
    "seems looks sounds gave told made got keeps kept thinks thought knows knew might may should heard answered can",
    "joined left are were went came took wrote misheard misunderstood",
)  # fmt: skip
#: said of the agent, too, when they follow its name at once
ABOUT_AFTER = VERBS_AFTER | _words(
    "and or who which that in on at for from with as too also either itself here if when while because",
)  # fmt: skip


def is_common(word: str) -> bool:
    """Whether a word has a use of its own in these lists, so that a capital does not make it a name."""
    return any(word in known for known in (OPENERS, QUESTIONS, MODALS, IMPERATIVES, SUBJECTS, ABOUT_AFTER, ORDINARY))


#: before a name these say that it is talked about
ABOUT_BEFORE = languages.ABOUT_BEFORE | _words(
    "ask asks asked asking about with to of for by from let have having had make made tell tells told telling use",
    "uses used using called like than the a an our my your his her their this that or invite invites invited need",
    "needs want wants turn turned got get give gave see sees saw via is was are am not were be been being hear",
    "hears heard say says said saying mention mentioned call calls over without through at on in into onto under",
    "after before as if whether when while since until that's it's who how why where what which does did do can",
    "could would will should shall may might has includes including even trust trusts love loves hate hates blame",
    "believe know knows met meet remove mute unmute kick add added try tried test tested bring brought set up",
    "switch off restart replace teach taught thank let's because though although unless once only against between",
    "behind around near poor dear old mind both neither either nor i we you he she they it these those and named",
    "name name's mean means meant forget forgot install installed bought buy show showed train trained watch",
    "disturb interrupt wake woke inside outside within toward towards beyond per worth whatever whichever",
    "whoever wouldn't isn't wasn't doesn't didn't won't can't couldn't hasn't haven't aren't shouldn't",
)  # fmt: skip
#: names of other machines that are called like persons
ASSISTANTS = _words(
    "alexa siri cortana bixby copilot gemini chatgpt claude google jarvis otter fireflies perplexity grok bard",
)  # fmt: skip
#: phrases that are words of the meeting even where a name could stand
PHRASES = _words(
    "you_know i_know i_mean do_you oh_no at_least at_all no_one let's_go all_right not_a in_a on_a is_a of_a",
    "it_is we_all know_of so_far now_a any_one more_or no_a",
)  # fmt: skip
#: ordinary English words: one that sounds like the agent's name is the name only after "hey"
ORDINARY = _words(
    "able about above across act actually add after again against age ago air all almost alone along already also",
    "always am an and another any anyone apart apparently area aren't around as ask at away baby back bad barely",
    "base basically be beach bear beat because become bed been before begin behind being believe below best",
    "better between beyond big bit black block blue board body book both bottom box boy break bring broad brother",
    "build busy but buy by call came can can't car card care carry case cat catch center certainly chair chance",
    "change cheap check child city clear clearly close cold color come common company cool copy corner cost could",
    "couple course cover crazy cross cut daily dark data date day deal dear decide deep design did different do",
    "does dog doing don't done door doubt down draw dress drive dunno during each early easily east easy eat edge",
    "ego either else empty end enough even evening ever every everyone exactly eye face fact fairly family far",
    "fast father feel few field figure final finally find fine fire firm first five floor fly follow food foot",
    "for force former forward four free friday friend from front full fun funny further game garden get girl give",
    "glad go god going gold gone good got great green ground group grow guess guy had hair half hand happen happy",
    "hard hardly has have he head hear heart heavy held hello help her here hero hey hi high him his hit hold",
    "home honestly hope hopefully hot hour house how however human hundred i i'd i'll i'm i've idea if in indeed",
    "inside instead into irish is issue it it's item its job join july june just keep key kid kind know lady land",
    "large last late lately later law lay lead learn least leave left less let level life light like likely line",
    "list little live long look lot love low lucky lunch machine main mainly make man many map march mark market",
    "matter may maybe me mean meet merely mere middle might mile mind minor minute mirror model modern moment",
    "monday money month more morning most mostly mother move mr much music must my name near nearly need never",
    "new news next nice night nine no nobody none nor normally not note nothing november now number obviously odd",
    "of off offer office often oh ok okay old on once one only onto open opinion or orange order orient other",
    "others our out over own page pair paper part partly party pass past pay people perhaps person phone piece",
    "place plan play please point poor possibly power press pretty price pro probably problem public pull pure",
    "purely put quick quickly quiet quite radio rain rarely rate rather reach read ready real really reason red",
    "report rest right river road roll room round row rule run sad safe said sales same save saw say search",
    "season second see seem seen sell send sense serious set seven several shall share she shop short should show",
    "side simple simply since sir sit six size slide slow small so soft some someone song soon sorry sort sound",
    "south space speak special spend stage stand star start state stay step still stop store story street strong",
    "student study such sun sunday sure surely table take talk tall team ten tend test than thank thanks that",
    "that's the them then there these they thing think third this those though three through till time to today",
    "together told tomorrow tonight too took top totally town trade trial true truly try tuesday turn two under",
    "until up upon us usually value very view voice wait walk wall want war was watch water way we we'll we're",
    "week well went were west what when where whether which while white who whole why wide will wind window wish",
    "with within woman won't wonder wood word work world worry worse would write wrong year yep yes yeah",
    "yesterday yet you young zero nope nah yup alas apple arise canal carol century comma delta drama era extra",
    "formula media menu mini nature ocean panel pilot polo scout sober solo studio sugar summer super tango tempo",
    "union video villa",
)  # fmt: skip
#: said alone, a compliment and not a call
PRAISE = _words(
    "perfect great excellent lovely brilliant super nice wonderful awesome good amazing fantastic cool exactly"
)
#: what an assistant can be wanted to do by somebody who speaks of it: "could Parley send ..."
SERVICES = IMPERATIVES - _words("be do let go get hang hold wait run quit exit leave shut try guess")
