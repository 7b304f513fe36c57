"""Our own payloads, and the vendor's examples where somebody has them, go through the same receivers."""

import json
import os
from pathlib import Path

import pytest

from server.hosts.recall.realtime import Receiver
from server.hosts.recall.refusals import refusal
from server.hosts.recall.request import create_bot
from server.hosts.recall.status import latest, news
from server.hosts.recall.transcripts import heard_from
from server.hosts.signatures import SignatureRefused, StandardWebhooks
from tests.hosts.recall.told import PAYLOADS, Told, order

#: members of the vendor's answers that nobody here reads and that our payloads leave out
UNREAD = {"recording_config", "automatic_video_output", "automatic_audio_output", "chat", "automatic_leave", "variant",
          "calendar_meetings", "zoom", "google_meet", "slack_team", "breakout_room"}  # fmt: skip


@pytest.fixture(scope="module")
def reference():
    """The folder of the vendor's example files; these tests are skipped, with a reason, when it is not named."""
    folder = os.environ.get("PARLEY_REFERENCE", "")
    if not folder:
        pytest.skip("PARLEY_REFERENCE is not set: no folder of the vendors' example messages to read")
    return Path(folder) / "recall"


def shape(value, path=""):
    """The paths of a message's members with the kind of each leaf; numbers are one kind, and so is what is empty."""
    if isinstance(value, dict) and value:
        return set().union(*(shape(inner, f"{path}.{key}") for key, inner in value.items()))
    if isinstance(value, list) and value:
        return set().union(*(shape(inner, f"{path}[]") for inner in value))
    kind = "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__
    return {(path, kind)}


def test_our_payloads_have_the_vendors_shapes(reference):
    """Each payload has the members of the example of the same name, in the same kinds."""
    compared = 0
    for ours in sorted(PAYLOADS.glob("*.json")):
        theirs = reference / ours.name
        if ours.name.startswith("create_bot.request"):
            continue
        given, made = json.loads(theirs.read_text(encoding="utf-8")), json.loads(ours.read_text(encoding="utf-8"))
        if "status_changes" in made or "results" in made:
            bots = [given, made] if "id" in made else [given["results"][0], made["results"][0]]
            for bot in bots:
                for name in UNREAD:
                    bot.pop(name, None)
                bot["recordings"] = []
        assert shape(made) == shape(given), ours.name
        compared += 1
    assert compared > 60


def test_no_kind_of_message_is_left_out(reference):
    """Every example file that is received or answered has a payload of ours."""
    sent_only = {"index", "verification.vectors", "create_bot.request.full", "create_bot.request.minimal",
                 "output_media.stop_all.request", "start_recording.request", "screenshots.list.response",
                 "realtime_endpoint.list.response"}  # fmt: skip
    theirs = {path.stem for path in reference.iterdir()} - sent_only
    assert theirs == {path.stem for path in PAYLOADS.iterdir()}


def test_our_request_has_the_recommended_shape(reference):
    """Our Create Bot has every member of the recommended request, and no member that the full one does not know."""
    recommended = json.loads((reference / "create_bot.request.json").read_text(encoding="utf-8"))
    full = json.loads((reference / "create_bot.request.full.json").read_text(encoding="utf-8"))
    made = create_bot(order(senses=frozenset({"mixed"}), variant="web_4_core", greeting="Hello."))
    assert shape(recommended) <= shape(made) | {(".recording_config.realtime_endpoints[].metadata", "dict")}
    paths = {path for path, _ in shape(made)}
    assert paths <= {path for path, _ in shape(full) | shape(recommended)}
    events = {event for each in made["recording_config"]["realtime_endpoints"] for event in each["events"]}
    assert events >= set(recommended["recording_config"]["realtime_endpoints"][0]["events"])
    assert made["recording_config"]["transcript"] == recommended["recording_config"]["transcript"]


def test_every_example_is_received(reference):
    """Each example has an effect: the sink is told, there is news, words are heard, or an error is explained."""
    for file in sorted(reference.glob("*.json")):
        name, message = file.stem, json.loads(file.read_text(encoding="utf-8"))
        if name.startswith(("transcript.", "participant_events.", "audio_", "video_")):
            sink = Told()
            Receiver(sink).feed(file.read_bytes())
            assert sink.counts == ({"speech-hint": 1} if "speech" in name else {}), name
            assert sink.calls or "speech" in name, name
        elif name.startswith("webhook."):
            assert news(message).words, name
        elif name.startswith("page_ws."):
            assert heard_from(message).speaker, name
        elif name.startswith("retrieve_bot."):
            assert latest(message).state, name
        elif name.startswith("error."):
            made = refusal(message["status"], json.dumps(message["body"]).encode())
            assert made.advice and made.status == message["status"], name


def test_every_vector_has_its_verdict(reference):
    """The seven signature cases of the reference are judged as it says."""
    vectors = json.loads((reference / "verification.vectors.json").read_text(encoding="utf-8"))
    for case in vectors["cases"]:
        verifier = StandardWebhooks([vectors["secret"]])
        arguments = case["headers"], case["body"].encode(), 1795169700.0
        if case["valid"]:
            verifier.verify(*arguments)
        else:
            with pytest.raises(SignatureRefused):
                verifier.verify(*arguments)
