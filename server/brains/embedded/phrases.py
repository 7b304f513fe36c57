"""What the embedded brain says in its own words. Quotes keep the language they were spoken in."""

from __future__ import annotations

_ENGLISH = {
    "called": "Yes?",
    "hello": "Hello. Ask me what was said, what was decided, or what is still open.",
    "welcome": "You're welcome.",
    "quiet": "Okay, I'll be quiet.",
    "quiet_for": "Okay, I'll be quiet for {length}.",
    "help": "I'm {name}. I run without a language model, so I answer from what was said here: who said "
    "what, decisions,"
    " action items, open questions, a summary, or the time. I can also set a timer and show a list.",
    "looking": "Let me look. ",
    "standing_in": "My language model isn't answering, so from the transcript alone: ",
    "nothing_yet": "Nobody has said anything yet that I could use.",
    "nobody": "Nobody has said anything about {topic} so far.",
    "not_person": "I haven't heard {person} say anything about {topic}.",
    "person_silent": "I haven't heard {person} say anything yet.",
    "no_model": "I run without a language model, so I can't work that out.",
    "cannot": "I can't work that out.",
    "closest": "The closest thing said was by",
    "not_said": "And nobody has said anything about it so far.",
    "nothing_to_repeat": "I haven't said anything yet.",
    "finished": "I had finished.",
    "elapsed": "We've been going for {length}.",
    "began": "We've been going for {length}, since {clock}.",
    "clock": "It's {clock}.",
    "day": "It's {day}, {clock}.",
    "no_clock": "I don't know the time here. We've been going for {length}.",
    "timer": "All right, I'll speak up in {length}.",
    "timer_for": "All right, in {length} I'll remind you to {label}.",
    "timer_left": "About {length} to go.",
    "no_timer": "I don't know of a running timer.",
    "hidden": "It's off.",
    "nothing_to_show": "I have nothing to show yet.",
    "shown": "You can see it on my tile.",
    "seen": "I have a picture of {what} from {age} ago, but I can't tell what it shows: {why}.",
    "no_eyes": "I run without a model that understands pictures",
    "model_away": "my language model isn't answering",
    "no_screen": "Nobody is sharing a screen that I can see.",
    "no_screen_of": "{who} isn't sharing a screen that I can see.",
    "no_picture": "I have no picture of {who}.",
    "no_pictures": "I have no pictures of anybody here.",
    "the_screen": "the shared screen",
    "screen_of": "{who}'s screen",
    "camera_of": "{who}",
    "everybody": "everybody here",
}

_GERMAN = {
    "called": "Ja?",
    "hello": "Hallo. Fragt mich, was gesagt oder entschieden wurde.",
    "welcome": "Gern geschehen.",
    "quiet": "Gut, ich bin still.",
    "quiet_for": "Gut, ich bin still.",
    "help": "Ich bin {name}. Ich laufe ohne Sprachmodell und antworte aus dem, was hier gesagt wurde.",
    "looking": "Moment. ",
    "standing_in": "Mein Sprachmodell antwortet nicht, also nur aus dem Protokoll: ",
    "nobody": "Zu {topic} hat bisher niemand etwas gesagt.",
    "no_model": "Ich laufe ohne Sprachmodell, das kann ich nicht beurteilen.",
    "closest": "Am nächsten kommt",
    "nothing_to_repeat": "Ich habe noch nichts gesagt.",
    "finished": "Ich war fertig.",
    "clock": "Es ist {clock} Uhr.",
    "hidden": "Ist weg.",
    "seen": "Ich habe ein Bild {what}, {age} alt, kann aber nicht sagen, was es zeigt: {why}.",
    "no_eyes": "ich laufe ohne ein Modell, das Bilder versteht",
    "model_away": "mein Sprachmodell antwortet nicht",
    "no_screen": "Niemand teilt einen Bildschirm, den ich sehen kann.",
    "no_screen_of": "{who} teilt keinen Bildschirm, den ich sehen kann.",
    "no_picture": "Ich habe kein Bild von {who}.",
    "no_pictures": "Ich habe keine Bilder von euch.",
    "the_screen": "vom geteilten Bildschirm",
    "screen_of": "vom Bildschirm von {who}",
    "camera_of": "von {who}",
    "everybody": "von allen hier",
}

_FRENCH = {
    "called": "Oui ?",
    "hello": "Bonjour. Demandez-moi ce qui a été dit ou décidé.",
    "welcome": "Je vous en prie.",
    "quiet": "D'accord, je me tais.",
    "quiet_for": "D'accord, je me tais.",
    "help": "Je suis {name}. Je fonctionne sans modèle de langage et réponds avec ce qui a été dit ici.",
    "looking": "Un instant. ",
    "standing_in": "Mon modèle de langage ne répond pas, donc d'après la transcription seule : ",
    "nobody": "Personne n'a encore parlé de {topic}.",
    "no_model": "Je fonctionne sans modèle de langage, je ne peux pas en juger.",
    "closest": "Ce qui s'en approche le plus",
    "nothing_to_repeat": "Je n'ai encore rien dit.",
    "finished": "J'avais fini.",
    "clock": "Il est {clock}.",
    "hidden": "C'est enlevé.",
    "seen": "J'ai une image {what}, vieille de {age}, mais je ne peux pas dire ce qu'elle montre : {why}.",
    "no_eyes": "je fonctionne sans modèle qui comprenne les images",
    "model_away": "mon modèle de langage ne répond pas",
    "no_screen": "Personne ne partage d'écran que je puisse voir.",
    "no_screen_of": "{who} ne partage pas d'écran que je puisse voir.",
    "no_picture": "Je n'ai pas d'image où l'on voie {who}.",
    "no_pictures": "Je n'ai d'image de personne ici.",
    "the_screen": "de l'écran partagé",
    "screen_of": "de l'écran partagé par {who}",
    "camera_of": "où l'on voit {who}",
    "everybody": "de tout le monde ici",
}

_SPANISH = {
    "called": "¿Sí?",
    "hello": "Hola. Preguntadme qué se ha dicho o decidido.",
    "welcome": "De nada.",
    "quiet": "De acuerdo, me callo.",
    "quiet_for": "De acuerdo, me callo.",
    "help": "Soy {name}. Funciono sin modelo de lenguaje y respondo con lo que se ha dicho aquí.",
    "looking": "Un momento. ",
    "standing_in": "Mi modelo de lenguaje no responde, así que solo de la transcripción: ",
    "nobody": "Nadie ha dicho nada sobre {topic} hasta ahora.",
    "no_model": "Funciono sin modelo de lenguaje, no puedo juzgarlo.",
    "closest": "Lo más parecido",
    "nothing_to_repeat": "Todavía no he dicho nada.",
    "finished": "Había terminado.",
    "clock": "Son las {clock}.",
    "hidden": "Quitado.",
    "seen": "Tengo una imagen {what}, de hace {age}, pero no puedo decir qué muestra: {why}.",
    "no_eyes": "funciono sin un modelo que entienda imágenes",
    "model_away": "mi modelo de lenguaje no responde",
    "no_screen": "Nadie comparte una pantalla que yo pueda ver.",
    "no_screen_of": "{who} no comparte una pantalla que yo pueda ver.",
    "no_picture": "No tengo ninguna imagen de {who}.",
    "no_pictures": "No tengo imágenes de nadie aquí.",
    "the_screen": "de la pantalla compartida",
    "screen_of": "de la pantalla de {who}",
    "camera_of": "de {who}",
    "everybody": "de todos",
}

_BY_LANGUAGE = {"en": _ENGLISH, "de": _GERMAN, "fr": _FRENCH, "es": _SPANISH}


def phrase(key: str, language: str = "en", /, **values: str) -> str:
    """A fixed phrase in the language, or in English where we have none."""
    known = _BY_LANGUAGE.get(language[:2].lower(), _ENGLISH)
    return known.get(key, _ENGLISH[key]).format(**values)


def listed(items: list[str], joint: str = "and") -> str:
    """ "A", "A and B", "A, B and C"."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"
