"""An order as a Create Bot request, and what is refused before it."""

import pytest

from server.errors import HostError
from server.hosts.platforms import meeting_at
from server.hosts.recall import request
from server.hosts.recall.providers import PROVIDERS, transcript_for
from tests.hosts.recall.told import order, payload

ZOOM = "https://us02web.zoom.us/j/85012345678?pwd=QmFz.1"
TEAMS = "https://teams.microsoft.com/l/meetup-join/19%3ameeting_Z%40thread.v2/0"
PERSONAL_TEAMS = "https://teams.live.com/meet/9312345678?p=Ab"
WEBEX = "https://acme.webex.com/acme/j.php?MTID=m1"
SLACK = "https://app.slack.com/huddle/T1/C1"
GOTO = "https://app.goto.com/meeting/123456789"

#: providers that speak every language
OTHERS = [name for name in PROVIDERS if name != "recallai_streaming"]


def refused(**more):
    """The error with which an order is refused."""
    with pytest.raises(HostError) as caught:
        request.check(order(**more))
    assert caught.value.advice or caught.value.code == "bad-session"
    return caught.value


def test_the_whole_request():
    """The request for an English meeting with the mixed sound is this, to the letter."""
    made = request.create_bot(order(senses=frozenset({"mixed"}), variant="web_4_core", greeting="Hello, I am an AI."))
    assert made == payload("create_bot.request")


def test_the_meeting_address_is_made_whole():
    """What was pasted without scheme goes out with it, and the name without blanks around it."""
    made = request.create_bot(order(meeting_url="meet.google.com/xyz-mnop-qrs.", name=" Parley "))
    assert made["meeting_url"] == "https://meet.google.com/xyz-mnop-qrs"
    assert made["bot_name"] == "Parley"


def test_nothing_old_is_sent():
    """Neither members of API v1.10, nor what may not stand beside Output Media."""
    made = request.create_bot(order(senses=frozenset(request.SWITCHES), greeting="Hello."))
    old = {"transcription_options", "real_time_transcription", "real_time_media", "recording_mode"}
    assert not made.keys() & (old | {"automatic_video_output", "automatic_audio_output"})
    assert made["output_media"]["camera"].keys() == {"kind", "config"}


def test_the_smallest_variant_is_said_for_every_platform():
    """Without a wish every platform gets `web`, Webex included."""
    variant = request.create_bot(order())["variant"]
    assert variant == {"zoom": "web", "google_meet": "web", "microsoft_teams": "web", "webex": "web"}


def test_the_page_on_a_shared_screen():
    """With `screen` the page is a shared screen and no camera."""
    made = request.create_bot(order(screen=True))["output_media"]
    assert made == {"screenshare": {"kind": "webpage", "config": {"url": order().page_url}}}
    assert request.output_media("https://agent.example.org/page/?t=abc") == payload("output_media.start.request")
    shared = request.output_media("https://agent.example.org/page/?t=abc", screen=True)
    assert shared == payload("output_media.start_screenshare.request")
    assert request.output_stopped() == payload("output_media.stop.request")
    assert request.output_stopped(screen=True) == {"screenshare": True}


@pytest.mark.parametrize(
    ("sense", "switch", "layout"),
    [
        ("mixed", "audio_mixed_raw", None),
        ("voices", "audio_separate_raw", None),
        ("pictures", "video_separate_png", "gallery_view_v2"),
        ("film", "video_separate_h264", "gallery_view_v2"),
    ],
)
def test_every_sense_is_switched_on_and_sent(sense, switch, layout):
    """A sense sets its switch and its event on the media socket, and pictures their layout; others stay off."""
    config = request.create_bot(order(senses=frozenset({sense})))["recording_config"]
    assert config[switch] == {}
    assert [each for each in request.SWITCHES.values() if each in config] == [switch]
    assert config.get("video_mixed_layout") == layout
    text, media = config["realtime_endpoints"]
    assert media == {
        "type": "websocket",
        "url": order().sockets["media"],
        "metadata": {"role": "media"},
        "events": [f"{switch}.data"],
    }
    assert f"{switch}.data" not in text["events"]


def test_without_senses_there_is_no_media_socket():
    """An order without senses has one endpoint, for text, in the flat form."""
    (endpoint,) = request.create_bot(order())["recording_config"]["realtime_endpoints"]
    assert endpoint["type"] == "websocket"
    assert endpoint["events"] == list(request.TEXT_EVENTS)
    assert {"transcript.data", "transcript.partial_data", "participant_events.chat_message"} <= set(endpoint["events"])
    assert endpoint.keys() == {"type", "url", "metadata", "events"}


def test_text_over_a_webhook():
    """An order with an address for posted text gets it there and not a second time over a socket."""
    given = order(hooks={"text": "https://agent.example.org/hooks/?t=1"}, senses=frozenset({"voices"}))
    hook, media = request.create_bot(given)["recording_config"]["realtime_endpoints"]
    assert (hook["type"], hook["url"], hook["events"]) == ("webhook", given.hooks["text"], list(request.TEXT_EVENTS))
    assert media["type"] == "websocket"
    assert not any(event.startswith(("audio", "video")) for event in hook["events"])


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("wss://a.example.org/text?t=1", "wss://a.example.org/text/?t=1"),
        ("wss://a.example.org/text/?t=1", "wss://a.example.org/text/?t=1"),
        ("wss://a.example.org?t=1", "wss://a.example.org/?t=1"),
        ("wss://a.example.org/text/tok", "wss://a.example.org/text/tok"),
        ("wss://a.example.org/text?t=a%2Fb&u=%7E", "wss://a.example.org/text/?t=a%2Fb&u=%7E"),
    ],
)
def test_a_query_stands_behind_a_slash(given, sent):
    """Recall's client refuses a query behind a path that does not end in a slash."""
    assert request.endpoints(order(sockets={"text": given}))[0]["url"] == sent


@pytest.mark.parametrize(
    ("platform", "limit", "greets"),
    [("https://meet.google.com/xyz-mnop-qrs", 500, True), (ZOOM, 4096, True), (TEAMS, 4096, True), (WEBEX, 0, False)],
)
def test_the_greeting_fits_the_platform(platform, limit, greets):
    """A greeting goes where bots can write, and one that is too long is refused; Webex gets none."""
    made = request.create_bot(order(meeting_url=platform, greeting="Hello."))
    chat = {"on_bot_join": {"send_to": "everyone", "message": "Hello.", "pin": False}}
    assert made.get("chat") == (chat if greets else None)
    request.check(order(meeting_url=platform, greeting="x" * limit))
    if greets:
        assert refused(meeting_url=platform, greeting="x" * (limit + 1)).code == "long-greeting"


# ---------------------------------------------------------------- transcripts


@pytest.mark.parametrize("language", ["en", "en-GB", "en_us", "EN"])
@pytest.mark.parametrize("meeting", [ZOOM, WEBEX, PERSONAL_TEAMS])
def test_english_is_recalls_own_and_quick(language, meeting):
    """English takes Recall's own provider with the mode set: its default is minutes late."""
    assert transcript_for(language, "", meeting_at(meeting)) == {
        "provider": {"recallai_streaming": {"mode": "prioritize_low_latency", "language_code": "en"}},
        "diarization": {"use_separate_streams_when_available": True},
    }


@pytest.mark.parametrize("language", ["de", "fr-CA", "ja"])
def test_other_languages_take_the_captions(language):
    """A German meeting does not use Recall's own provider, which is live in English only."""
    assert transcript_for(language, "", meeting_at(TEAMS)) == {"provider": {"meeting_captions": {}}}
    caught = refused(language=language, provider="recallai_streaming")
    assert caught.code == "late-provider"


@pytest.mark.parametrize("meeting", [WEBEX, PERSONAL_TEAMS])
def test_where_there_are_no_captions_another_provider_is_asked_for(meeting):
    """Webex and personal Teams give no captions: the operator must name a provider, or none."""
    caught = refused(meeting_url=meeting, language="de")
    assert caught.code == "no-captions" and "deepgram_streaming" in caught.advice
    request.check(order(meeting_url=meeting, language="de", provider="deepgram_streaming"))
    request.check(order(meeting_url=meeting, language="de", provider="none"))


def test_no_transcript_at_all():
    """`none` sends an explicit null."""
    made = request.create_bot(order(provider="none"))["recording_config"]
    assert made["transcript"] is None


def test_a_named_provider_gives_partials():
    """Third parties get the language, and interim results where they must be asked for."""
    settings = {name: transcript_for("de-DE", name, meeting_at(ZOOM))["provider"] for name in OTHERS}
    assert all(list(made) == [name] for name, made in settings.items())
    assert settings["deepgram_streaming"]["deepgram_streaming"] == {
        "model": "nova-3",
        "language": "de-DE",
        "interim_results": "true",
    }
    assert settings["speechmatics_streaming"]["speechmatics_streaming"] == {"language": "de", "enable_partials": True}
    gladia = settings["gladia_v2_streaming"]["gladia_v2_streaming"]
    assert gladia["messages_config"] == {"receive_partial_transcripts": True}
    assert gladia["language_config"] == {"languages": ["de"]}


def test_without_a_language_providers_find_it_out():
    """An empty language becomes the provider's own way of hearing several."""
    settings = {name: transcript_for("", name, meeting_at(ZOOM))["provider"][name] for name in OTHERS}
    assert settings["deepgram_streaming"]["language"] == "multi"
    assert settings["aws_transcribe_streaming"] == settings["rev_streaming"] == {}


@pytest.mark.parametrize("provider", ["assembly_ai_async_chunked", "deepgram", "nobody"])
def test_providers_that_are_not_live_are_refused(provider):
    """A provider that is unknown, or minutes late, is refused with the list of those that work."""
    caught = refused(provider=provider)
    assert caught.code == "bad-provider" and "meeting_captions" in caught.advice


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize("meeting", [SLACK, GOTO, "https://talk.example.org/room-5"])
def test_platforms_without_pages_are_refused(meeting):
    """Where the bot cannot show a page, it is not sent."""
    caught = refused(meeting_url=meeting)
    assert caught.code == "no-output-media"
    assert meeting not in f"{caught!r}{caught.advice}"


@pytest.mark.parametrize("meeting", ["https://localhost/x", "https://10.0.0.1/x", "hello", "https://a:b@zoom.us/j/1"])
def test_what_is_no_meeting_is_refused(meeting):
    """An address that can be no meeting is refused as such."""
    assert refused(meeting_url=meeting).code == "bad-meeting-url"


LOCAL = [
    "http://127.0.0.1:8000/agent/",
    "https://localhost/agent/",
    "https://192.168.1.4/agent/",
    "https://[::1]/agent/",
    "https://box/agent/",
]


@pytest.mark.parametrize("page", [*LOCAL, "", "agent", "http://agent.example.org/agent/", "https://[::1/agent/"])
def test_a_page_that_recall_cannot_reach_is_refused(page):
    """Loopback, bare numbers, unencrypted and missing page addresses are refused, and never repeated."""
    caught = refused(page_url=page)
    assert caught.code == "not-public" and "page" in str(caught)
    assert not page or page not in f"{caught!r}{caught.advice}"


@pytest.mark.parametrize("url", ["ws://agent.example.org/s/", "wss://127.0.0.1/s/", "https://agent.example.org/s/", ""])
def test_sockets_and_hooks_must_be_public(url):
    """A socket must be wss:// and public; so must a webhook be https:// and public."""
    assert refused(sockets={"text": url}).code == "not-public"
    assert refused(hooks={"text": url.replace("https", "http")}).code == "not-public"


@pytest.mark.parametrize("url", LOCAL)
def test_a_vendor_on_this_machine_reaches_this_machine(url):
    """For a stand-in addresses of this machine are good."""
    given = order(page_url=url, sockets={"text": "ws://127.0.0.1:8000/s/"}, hooks={"text": "http://127.0.0.1:8000/h/"})
    request.check(given, local=True)


BLOCKED = [
    "",
    "   ",
    "...",
    "12",
    "x" * 101,
    "Par\nley",
    "Par\u202eley",
    "Parley 🤖",
    "Porn Bot",
    "a shitty bot",
    "a\x00b",
]


@pytest.mark.parametrize("name", BLOCKED)
def test_names_that_platforms_block(name):
    """Empty, unreadable, endless, decorated and rude names are refused."""
    assert refused(name=name).code == "bad-name"


@pytest.mark.parametrize(
    "name", ["Parley", "Zoë's Assistant (AI)", "Protokoll-KI", "議事録", "Cockburn & Söhne", "x" * 100]
)
def test_names_that_are_good(name):
    """Letters of any script, digits and the usual signs are good."""
    request.check(order(name=name))


def test_film_needs_a_larger_variant():
    """H264 on the smallest variant is refused with what the larger one costs, and allowed on it."""
    caught = refused(senses=frozenset({"film"}))
    assert caught.code == "small-variant"
    assert "web_4_core" in caught.advice and "USD an hour" in caught.advice
    assert refused(senses=frozenset({"film"}), variant="web").code == "small-variant"
    for variant in ("web_4_core", "web_gpu"):
        request.check(order(senses=frozenset({"film"}), variant=variant))


def test_a_heavy_page_needs_a_larger_variant():
    """A page that says it needs a larger machine is not sent to a smaller one, and the cost is told."""
    for needed, small in (("web_4_core", ""), ("web_gpu", "web_4_core")):
        with pytest.raises(HostError, match="our page needs") as caught:
            request.check(order(variant=small), page_variant=needed)
        assert needed in caught.value.advice and "USD" in caught.value.advice
    request.check(order(variant="web_gpu"), page_variant="web_4_core")


@pytest.mark.parametrize("variant", ["native", "web_8_core", "WEB"])
def test_variants_that_show_no_page(variant):
    """The native Zoom bot shows no page, and unknown variants are refused."""
    assert refused(variant=variant, meeting_url=ZOOM).code == "bad-variant"


@pytest.mark.parametrize("sense", ["voices", "pictures", "film"])
def test_webex_has_no_single_people(sense):
    """Sound and pictures of single people are refused on Webex; the mixed sound is not."""
    assert refused(meeting_url=WEBEX, senses=frozenset({sense}), variant="web_4_core").code == "no-such-sense"
    request.check(order(meeting_url=WEBEX, senses=frozenset({"mixed"})))


def test_a_bot_belongs_to_a_session():
    """An order without a session, or with one that metadata cannot hold, is refused."""
    assert refused(session="").code == "bad-session"
    assert refused(session="x" * 501).code == "bad-session"
