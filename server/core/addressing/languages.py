"""Other languages than English: the words of each that ask, command, open an utterance, or talk about somebody.

German, French, Spanish, Italian, Portuguese, Dutch, Swedish and Polish; case-folded, without accents. A word that is
also an English one with another use ("die", "par", "come") is left out. `words.py` joins them with the English ones.
"""

from __future__ import annotations


def words(*lines: str) -> frozenset[str]:
    """The words of some lines."""
    return frozenset(" ".join(lines).split())


#: said before a name to call somebody: "listen, Parley"
HEY = words(
    "hallo hej salut dis oye ciao ehi ola oi hoi hola sag senti ascolta ouve ecoute czesc hor escucha mira scusa",
    "zeg luister sluchaj posluchaj dites ecoutez hort lyssna escute",
)
OPENERS = words(
    "perdona perdon disculpa entschuldige entschuldigen scusi desculpe excusez bonjour bueno guten tag morgen und ja",
    "nein bitte entschuldigung et alors donc oui non pardon y pero entonces bien bon sehr buenos dias e allora dunque",
    "en dus maar dag also mal nun jetzt aber noch kurz okej och ska kanske przepraszam dobra wiec tak no dobrze",
    "c'est entao mas agora ahora bom vale pues oke ursakta snalla merci danke gracias obrigado obrigada grazie tack",
    "prosze",
    "dziekuje hei moi",
)
QUESTIONS = words(
    # German
    "wer wen wem wann wo warum wieso wie welche welcher welches wieviel woher wohin worum weshalb wessen",
    # French
    "quoi qui quand ou pourquoi comment combien quel quelle quels quelles qu'est que qu'est-ce lequel laquelle",
    # Spanish, Portuguese
    "quien que cuando donde como cuanto cuantos cuanta cuantas cual cuales por",
    "quanto quantos quanta quantas qual quais",
    "quem quando onde porque cade",
    # Italian
    "cosa dove perche quanti quale quali chi che quant'e cos'e dov'e com'e",
    # Dutch
    "wat wanneer waar waarom hoe wiens welke hoeveel wie",
    # Swedish, Danish, Norwegian
    "hvad vad nar var hur hvor hvordan vem vilken vilket vilka varfor hvem hva hvornar",
    # Polish
    "co kto kogo komu kiedy gdzie jak jaki jaka jakie ile dlaczego czemu ktory ktora ktore czy skad dokad",
)
#: verbs that stand before their subject in a question, or that ask by themselves: "puedes", "mozesz"
MODALS = words(
    "kannst konntest konnen konnten wurdest hast habt ist sind war waren hat wird magst weisst willst haben wollen",
    "mussen sollen gibt stimmt",
    "peux pourrais pouvez pourriez peut est-ce avez avons as-tu peux-tu pouvez-vous sais veux y-a-t-il",
    "puede tienes hay hai pode podia sabe sabes recuerdas lembra tem ricordi sai abbiamo",
    "kun kan kunt heb heeft zou weet zullen kunnen hebben moeten",
    "kunde skulle har finns",
    "mozesz moze moglbys moglabys masz pamietasz wiesz",
)
YOU = words("du dir tu te vous usted voce je jij u dich dein deine toi ton ta ti ihr jullie ni")
SUBJECTS = words("wir ihr es sie er jemand man nous il elle we wij vi det den zij")
#: said before a name to its bearer, too
THANKS_TO = words("danke merci gracias grazie obrigado obrigada bedankt tack dziekuje dank")
IMPERATIVES = words(
    # asked with an infinitive behind: "puoi ripetere"
    "puoi potresti puedes podrias podes pourrais pourriez mozesz consegue",
    # German
    "zeig zeige sag sage fass fasse gib schreib schreibe notiere notier erklar erklare lies wiederhole wiederhol",
    "stopp halt warte nenn nenne such suche ubersetze ubersetz erinnere erinner stelle stell schick schicke trag merk",
    "merke mach mache rechne offne speicher speichere schau hilf lass nimm setz beende frag zahl erzahl",
    # French
    "montre donne resumez resume repete repetez explique ecris lis traduis arrete rappelle envoie note mets",
    "ajoute cherche trouve ouvre dis-moi dis-nous donne-moi donne-nous calcule verifie regarde raconte enregistre",
    "affiche lance aide fais",
    # Spanish, Portuguese
    "muestra dime dinos di dame danos repite explica escribe anota apunta lee leenos traduce recuerdame recuerdanos",
    "envia manda mandame pon busca cuentame anade agrega guarda abre calcula revisa ayudame haz",
    "diga mostre repita repete anote escreve escreva le leia traduz traduza lembra lembre mande envie procura procure",
    "adiciona adicione salva abra calcule resuma poe diz ajuda",
    # Italian
    "dimmi dicci mostra ripeti ripetici scrivi leggi leggici riassumi spiega segna annota aggiungi cerca trova manda",
    "invia ricordami ricordaci apri salva traduci calcola metti controlla aiutaci aiutami fermati dammi dacci elenca",
    # Dutch
    "zeg toon geef herhaal stuur zet noteer schrijf voeg zoek vertaal onthoud vertel maak herinner bewaar lees",
    # Swedish
    "visa ge sag upprepa skriv anteckna las oversatt pamin skicka sok lagg spara rakna berätta beratta satt stang",
    "oppna hjalp forklara sammanfatta notera",
    # Polish
    "powiedz pokaz przypomnij zapisz napisz przeczytaj powtorz wyslij znajdz podaj dodaj sprawdz przetlumacz policz",
    "otworz zanotuj wyjasnij podsumuj pomoz ustaw daj",
)
#: said of the agent, not to it, when they follow its name at once: verbs of the third person
VERBS_AFTER = words(
    "hat ist wird kann sagt sagte hatte hast meint soll muss war",
    "a est etait dit peut va fait avait sera",
    "ha es fue dijo puede esta dice tiene era foi disse tem pode",
    "e detto dice puo sta aveva",
    "heeft is zei kan wordt staat",
    "sa sager ar har kan blev",
    "jest powiedzial powiedziala ma moze byl byla mowi",
)
ABOUT_BEFORE = words(
    "mit von bei zu fur uber ob dass wenn hat ist der die das fragt frag frage fragen gefragt sagte ohne den dem",
    "avec de pour par chez si que demande demander demandons le",
    "con para por pregunta pregunte preguntale chiedi chiedere di o ao pelo",
    "van voor met vraag aan bij",
    "med fran till om fraga",
    "od dla o z czy ze zapytaj",
)
#: before a question word: "a que hora", "um wie viel Uhr"
PREPOSITIONS = words("a de di en por para pour con avec mit um bis ab seit om na do met op och von per in")
PLEASE = words("bitte favor plait prego alsjeblieft alstublieft prosze snalla tack-snalla graag faccia favore")
