"""The words and phrases by which people point at something to be seen: English, and the plain cases of three languages.

All text is lower-case, with straight apostrophes, and French articles set off: "l' écran". `_` begins what only builds
patterns.
"""

from __future__ import annotations

import re

# ------------------------------------------------------------ nouns


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


#: a shared screen, and what is only ever seen on one
SCREEN = _set("""
screen screens screenshare screen-share slide slides
bildschirm folie folien écran écrans diapo diapos diapositive diapositives pantalla diapositiva diapositivas
""")
#: of these, what belongs to a person
OWNED = _set("screen screens screenshare screen-share bildschirm écran écrans pantalla")
DRAWN = _set("""
chart charts graph graphs diagram diagrams graphic plot plots drawing drawings sketch sketches mockup mockups mock-up
mock-ups wireframe wireframes picture pictures photo photos image images screenshot screenshots spreadsheet dashboard
whiteboard map maps
diagramm diagramme grafik grafiken bild bilder tabelle tabellen zeichnung graphique graphiques schéma tableau dessin
gráfico gráficos gráfica diagrama imagen imágenes tabla tablas dibujo
""")
#: parts that only something drawn has
GRID = _set("""
row rows column columns cell cells axis axes bar bars curve curves legend arrow arrows
zeile zeilen spalte spalten achse balken kurve legende colonne colonnes axe barre barres courbe courbes légende ligne
lignes fila filas columna columnas eje barra barras curva leyenda
""")
#: parts that talk has too
PART = GRID | _set("""
table tables line lines number numbers figure figures value values total totals box boxes button buttons label labels
title titles heading headline caption footnote bullet bullets corner color colors colour colours logo menu tab window
page document code function formula error errors message text print handwriting design layout
überschrift zahl zahlen titre chiffre chiffres título número números cifra cifras
""")
NOUNS = SCREEN | DRAWN | PART

# ------------------------------------------------------------ what stands around them

THIS = _set("""
this these that those dies diese dieser diesem diesen dieses ce cet cette ces este esta estos estas ese esa esos esas
""")
#: a place and an article in one word
FUSED = _set("im vom du del")
THE = FUSED | _set("""
the my our his her their which what what's
der die das dem den des mein meinem meiner unser welche welcher welches le la les l' mon ma notre quel quelle el los las
mi qué
""")
#: they end like possessives
SHORT_FORMS = _set("what's who's it's that's here's there's where's how's let's he's she's")
ME = _set("i me my myself ich mich mein meinem je moi mon yo mí mi")
AT = _set("on in at from of behind auf in aus von sur dans de en sobre")
#: the places that something is taken from
FROM = _set("from of in aus von de")
#: "see" counts as "you see" only
LOOK = _set("""
look looking read describe examine inspect transcribe zoom explain translate summarise summarize
schau schaut siehst sieh seht lies beschreib beschreibe regarde regardez vois voyez voir lis lisez lire décris décrivez
mira mire ves ver lee lea leer
""")
#: German ones that end the sentence
LOOK_LAST = _set("sehen lesen vorlesen ansehen anschauen erkennen beschreiben erklären an vor")
#: may stand before what says it: "que dit la diapo"
SAYS_FIRST = _set("zeigt dit montre signifie dice muestra")
SAYS = SAYS_FIRST | _set("""
say says show shows look looks mean means read reads mention mentions tell tells list lists indicate indicates suggest
suggests steht bedeutet significa
""")
#: without one of these a noun is only mentioned
ASKED = LOOK | _set("""
what what's which who who's whose where why how is are does do can could tell compare count check list name find spot
was welche welcher welches wer wo warum wie ist sind kannst sag erklär
que qu' quel quelle quels quelles qui quoi où combien comment est-ce peux explique
qué cuál cuánto cuántos cuántas quién dónde cómo puedes explica resume
""")
HERE = re.compile(
    r"\b(?:here|(?:up|down|over) there|in the (?:middle|corner)|(?:on|at|to) the (?:left|right|top|bottom)"
    r"|(?:top|bottom) (?:left|right)|hier|oben|unten|links|rechts|ici|là|en (?:haut|bas)|aquí|ahí|arriba|abajo)\b"
)

# ------------------------------------------------------------ what speaks against a wish

#: Sayings and plain work that hold our nouns and mean nothing one could see.
SAYINGS = re.compile(
    r"\b(?:(?:on|from) the same page|(?:big|bigger|whole|full|complete|clear|clearer|better|wider) picture"
    r"|(?:get|got|out of) the picture|(?:put|keep|kept)\w* \w+ in the picture"
    r"|look(?:s|ed|ing)? (?:into|up|for|after|out)|see (?:if|whether|why|how|when|as)"
    r"|(?:bottom|dead|finish|front|party|story|product) line"
    r"|(?:down|on|along) the lines?|(?:off|on|to|under) the table|rais\w+ the bar|turn the page|road map|dress code"
    r"|code of conduct|source code"
    r"|green screen|screen (?:time|print\w*|size)|number of"
    r"|(?:work\w*|agree\w*|feedback|comment\w*|progress|status|focus\w*|decid\w*|vote\w*|spend\w*|spent|deadline|owner"
    r"|updates?|copy|copies|version) (?:on|of|for) (?:the|this|that|these|those)"
    r"|(?:prepar|review|finish|writ|updat|deliver|print|present|order|edit)\w* (?:the|this|that|these|those))\b"
)
#: The agent's own tile, and words not to look.
OWN = re.compile(
    r"\b(?:your (?:own )?(?:\w+ )?(?:tile|card|screen|charts?|list|table|picture|face|avatar|camera|slides?)"
    r"|(?:the|this|that|a) (?:tile|card)|you(?:'ve| have)? (?:just )?(?:made|drew|drawn|showed|shown|created|displayed)"
    r"|(?:do not|don't|no need to|not have to|without|stop) (?:\w+ )?look(?:ing)?"
    r"|deine[mnrs]? (?:kachel|karte|bildschirm)|t(?:on|a) (?:écran|carte)|tu (?:pantalla|tarjeta))\b"
)
_PLEASE = (
    r"^(?:(?:ok|okay|so|well|hey|please|and|now|then|also|just|maybe|can|could|would|will|you|we|let's|let us|i|want"
    r"|like|i'd|to|kannst|könntest|bitte|peux|pouvez|tu|vous|puedes)[\s,-]+)*"
)
TAKE_AWAY = re.compile(
    rf"{_PLEASE}(?:hide|close|remove|clear|dismiss|take (?:\w+ )*(?:down|away|off)|get rid|blende|cache|ferme|quita)\b"
)
ORDER = re.compile(
    rf"{_PLEASE}(?:show|display|put|draw|make|create|build|turn|convert|prepare|generate|plot|add|send|share|open|start"
    r"|pin|move|bring|give|zeig\w*|erstell\w*|mach\w*|montre\w*|crée\w*|fais|mu[eé]stra\w*|crea|haz|pon)\b"
)
#: ... unless what is to be shown or noted is just what can be seen
SEEN = re.compile(r"\bwhat(?:'s| is| you(?: can)? see)\b|\b(?:was (?:auf|da)|ce qui|ce que tu vois|lo que)\b")
#: Words of another time than now.
ELSEWHEN = re.compile(
    r"\b(?:said|told|discuss\w*|talked|mentioned|decided?|agreed?|spoke|spoken|remember|remind|recall|earlier|yesterday"
    r"|previous(?:ly)?|tomorrow|ago|(?:last|next|past|this) (?:week|month|year|quarter|time|meeting|call|sprint|morning"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day)(?:'s)?|(?:was|were) (?:on|in|shown|shared)"
    r"|(?:did|has|have|had|was|were) (?:\w+ ){1,3}?(?:say|saying|show|shown|showing|mention|explain|present|presented"
    r"|presenting|share|shared|sharing|think|write|holding|wearing)"
    r"|gesagt|besprochen|letzte[mnrs]?|nächste[mnrs]?|vorhin|gestern|morgen|(?:a|ont|avons|avez) (?:dit|montré|discuté)"
    r"|derni[eè]re?|prochaine?|dijo|dijeron|dijimos|hablamos|ayer|mañana)\b"
)

# ------------------------------------------------------------ phrases that make a wish

_WHO = r"(?P<who>[^\W\d_][\w.-]*(?: [^\W\d_][\w.-]*){0,2}?)"
#: the end of a clause, or words that only say "at this moment"
_END = (
    r"(?=$|,| (?:right )?now\b| (?:here|there|today|currently|exactly|again|too|and|at the moment|over there"
    r"|on (?:the |my )?(?:camera|video|screen)|gerade|jetzt|hier|da|maintenant|ici|là|ahora|aquí)\b)"
)
_DOES = (
    r"(?P<does>holding|wearing|drinking|eating|drawing|doing|waving|pointing(?: at| to)?|showing|sharing|presenting)"
    rf"(?: up| us)?(?:{_END}|(?= (?:in|on|with|to) (?:his|her|their|my|the camera|us)\b))"
)
_LOOKS = (
    r"(?:wearing|smiling|nodding|laughing|frowning|waving|yawning|asleep|blurry|on (?:camera|video)|visible"
    r"|in (?:the )?frame|at (?:his|her|their|the) desk|raising (?:his|her|their|a|my) hand"
    r"|holding (?:up|an?|something|anything))\b"
)
_BODY = r"(?:camera|webcam|video|face|hands?|shirt|t-shirt|jacket|hat|glasses|hair|mug|background|desk|wall|poster)\b"
#: What is asked about a person, `who`; `me` is whoever asks. The first pattern that names somebody wins.
LOOKS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:what|which) \w+ (?:is|are|am) {_WHO} (?:just |now )?{_DOES}",
        rf"\bwhat(?:'s| is| are| am)? {_WHO}(?:'s|'m| is| am)? (?:just |now )?{_DOES}",
        rf"\bwhat (?:do|does) {_WHO} have (?:in|on|behind) (?:my|his|her|their)\b",
        rf"\b(?:is|are|am) {_WHO} (?:still |now |really )?{_LOOKS}",
        rf"\b(?:do|does) {_WHO} look(?: like| \w+)?{_END}",
        rf"\bwhat(?:'s| is| do you see| can you see) (?:behind|in front of|next to) {_WHO}{_END}",
        rf"\b(?:what|what's|which|is|describe|read|see|look at) (?:.* )?(?:{_WHO}'s|(?P<me>my)) {_BODY}",
        rf"\bwas (?:hält|trägt|zeigt|macht) {_WHO}(?: (?:gerade|denn|hoch|in der hand))*{_END}",
        r"\bwas halte (?P<me>ich)\b|\bwie sehe ich (?:\w+ )?aus\b",
        rf"\bqu(?:e |' ?est-ce que? ?|' ?est-ce qu' ?){_WHO} (?:tient|tiens|porte|montre){_END}",
        rf"\bque (?:tient|porte|montre) {_WHO}{_END}",
        rf"\bqué (?:sostiene|lleva(?: puesto)?|muestra|enseña) {_WHO}{_END}",
        rf"\bqué tiene {_WHO} en la mano\b",
        r"\bqué (?P<me>sostengo|tengo en la mano|llevo puesto)\b",
    )
)
#: It is told to look at a person.
LOOK_AT = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:look(?:ing)?(?: \w+)? at|(?:can|could|do) you (?:still |all |also )?see) {_WHO}{_END}",
        rf"\bschau(?:t|e)? (?:dir |mal )*{_WHO} an\b",
        rf"\b(?:siehst|seht) (?:du|ihr) {_WHO}{_END}",
        r"\b(?:(?:tu|vous) (?P<me>me) (?:vois|voyez)|me (?:ves|puedes ver))\b",
        rf"\b(?:regarde[rz]?|tu vois|vois-tu|vous voyez|voyez-vous) {_WHO}{_END}",
        rf"\b(?:mira|ves|ver) a {_WHO}{_END}",
    )
)
EVERYBODY = re.compile(
    r"\b(?:how many (?:people|persons|faces|of us|participants) (?:do|can|could) you (?:see|count|make out)"
    r"|whom? (?:do|can|could) you see|look(?:ing)? at (?:the|our|all) (?:cameras|faces|videos)"
    r"|(?:can|could|do) you (?:still |all )?see (?:us|everyone|everybody|anyone|anybody|people|faces|all of us)"
    rf"|(?:who(?:'s| is)|is (?:anyone|anybody|everyone|everybody)|how many(?: people| of us)? are) {_LOOKS}"
    r"|wie ?viele (?:leute|personen|menschen) (?:siehst|seht)|(?:siehst|seht) (?:du|ihr) uns"
    r"|combien de personnes (?:vois|tu vois|voyez|vous voyez)|(?:tu|vous) nous (?:vois|voyez)"
    r"|cuántas personas (?:ves|puedes ver)|nos ves)\b"
)
BEING_SHARED = re.compile(
    rf"\bwhat(?:'s| is) (?:currently |now )?(?:being )?(?:shared|shown|presented|displayed)"
    rf"(?:{_END}|(?= (?:on|to|by)\b))"
    rf"|\bwhat (?:are we (?:looking at|seeing)|am i (?:sharing|presenting)){_END}"
    rf"|\bwho(?:'s| is) (?:sharing|presenting)(?: (?:the|a|their|his|her) screen)?{_END}"
    r"|\bwas wird (?:hier |da |gerade )*(?:geteilt|gezeigt)\b|\bqu' est-ce qui est (?:partagé|affiché)\b"
    r"|\bqué se (?:está (?:compartiendo|mostrando)|comparte|muestra)\b"
)
SEES = re.compile(
    rf"\bwhat (?:else )?(?:do|can|could) you see(?:{_END}|(?= (?:on|in) (?:the|this)\b))|\bwhat you (?:can )?see{_END}"
    rf"|\b(?:can|could) you (?:still |all )?see(?: (?:this|that|it|these|those|anything|something))?{_END}"
    rf"|\bdo you (?:still |all )?see (?:this|these|anything){_END}|\blook(?:ing)? at (?:this|these|that){_END}"
    r"|\b(?:can|could|do) you see what \w+(?: am| are| is|'m|'s|'re) (?:showing|sharing|pointing|holding|presenting)\b"
    r"|\bwhat (?:does|do) (?:it|that|this|they) say (?:here|there|up|down|at the|in the|on)\b"
    r"|\bwhat(?:'s| is) (?:written|drawn|shown|highlighted) (?:here|there|up there)\b"
    rf"|\bwas (?:siehst|seht) (?:du|ihr){_END}|\b(?:siehst|kannst) du das(?: sehen| lesen| erkennen)?{_END}"
    r"|\bschau (?:dir )?(?:das|hier)\b|\bwas steht (?:da|dort|hier)\b|\bqu' est-ce qui est écrit\b"
    rf"|\b(?:que vois-tu|qu' est-ce que tu vois|tu vois ça|vois-tu ça|regarde (?:ça|ici)){_END}"
    rf"|\b(?:qué ves|ves esto|puedes ver esto|mira esto){_END}|\bqué (?:dice|pone) (?:ahí|aquí|allí)\b"
)
#: Counts only while a screen is shared.
VAGUE = re.compile(
    rf"\b(?:this|das hier|ça|esto)(?:$|,| (?:here|mean|show|say|look|work|correct|right|wrong|true|thing|one)\b)"
    rf"|\bread (?:this|that|it)(?: out| aloud)?{_END}|\bwhat does it say$|\bwrong here$"
    r"|\blook(?:ing)? at (?:the|our|my) |\btake a look$|\blook (?:over )?(?:here|there)\b|\b(?:this|that) thing\b"
    r"|\bthis (?:presentation|deck|demo|site)\b"
)

# ------------------------------------------------------------ taking a question apart

SENTENCE = re.compile(r"[.!?;…\n]+(?:\s+|$)")
TOKEN = re.compile(r"[\w-]+(?:'\w*)?|,")
COURTESY = re.compile(r"(?:[\s,]+(?:please|thanks|for (?:me|us)|to (?:me|us|everyone)|then|bitte|por favor))+$")
ELISION = re.compile(r"\b(l|d|qu|j|c|s|n)'(?=\w{2})")
#: A question without any of these is no wish: the one search that other talk costs.
HINT = re.compile(
    r"\b(?:"
    + "|".join(sorted(NOUNS | LOOK))
    + r"|this|that|here|there|see|says?|cameras?|webcam|videos?|behind|background|frame|desk|shirt|hands?|mug|doing"
    r"|asleep|hold\w*|wear\w*|smil\w*|nodd\w*|laugh\w*|frown\w*|yawn\w*|wav\w*|rais\w*|shar\w+|present\w+|show\w*"
    r"|point\w*|drink\w*|eat\w*|sehe|halte|hält|trägt|macht|zeigt|steht|geteilt|gezeigt|tiens|tient|porte|montre|écrit"
    r"|affiché|sostiene|sostengo|lleva|llevo|tengo|tiene|muestra|enseña|dice|pone|comparte|compartiendo|mostrando)\b"
)
