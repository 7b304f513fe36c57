"""The control socket: the handshake, chat lines from people, requests to be quiet."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.events import ChatSaid
from server.hosts.meetstream.control import LONGEST_LINE, STOP_ASKED, ControlSocket
from server.hosts.meetstream.link import ControlLink
from tests.hosts.meetstream.told import BOT, Told, VirtualTimers, payload_text


class Desk:
    """One control connection and what it led to."""

    def __init__(self) -> None:
        self.told = Told()
        self.begun: list[str] = []
        self.ended: list[ControlLink] = []
        self.own: list[str] = []
        self.socket = ControlSocket(
            self.told,
            begin=self._begin,
            end=self.ended.append,
            is_own=lambda speaker, text: text in self.own,
            clock=lambda: 1_802_352_001.0 + len(self.told.changes),
        )

    def _begin(self, bot: str) -> ControlLink:
        self.begun.append(bot)
        return ControlLink(lambda text: None, bot=bot, page="p", timers=VirtualTimers(), draw=lambda face, done: None)


READY = payload_text("control/from_bot.ready")


def test_commands_may_be_sent_after_ready():
    """The bot says who it is once; saying it again changes nothing."""
    desk = Desk()
    assert desk.begun == []
    desk.socket.feed(READY)
    desk.socket.feed(READY)
    assert desk.begun == [BOT]


def test_the_end_of_the_connection():
    """The link is closed and given back once; a connection that never got ready has none."""
    desk = Desk()
    desk.socket.feed(READY)
    desk.socket.close()
    desk.socket.close()
    desk.socket.feed(READY)
    assert len(desk.ended) == 1 and desk.ended[0].closed and desk.begun == [BOT]
    other = Desk()
    other.socket.close()
    assert other.ended == []


def test_a_persons_line():
    """A participant's chat line becomes a fact; its sender is unknown in the documented form."""
    desk = Desk()
    desk.socket.feed(READY)
    desk.socket.feed(payload_text("control/from_bot.usermsg"))
    assert desk.told.events == [ChatSaid("", "Parley, which hinge did we pick?")]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"command": "usermsg", "text": "hello"}, ChatSaid("", "hello")),
        ({"type": "usermsg", "message": " hello "}, ChatSaid("", "hello")),
        ({"command": "usermsg", "message": "hi", "speaker_name": "Otto", "speaker_id": 9, "event_id": "e1"},
         ChatSaid("Otto", "hi", "9", key="e1")),
        ({"command": "usermsg", "message": "x" * 9000}, ChatSaid("", "x" * LONGEST_LINE)),
    ],
)  # fmt: skip
def test_lines_in_other_forms(message, said):
    """Whatever a form adds is taken, and everything is optional but the text."""
    desk = Desk()
    desk.socket.feed(json.dumps(message))
    assert desk.told.events == [said]


def test_our_own_line_that_comes_back():
    """It is not said by a person."""
    desk = Desk()
    desk.own.append("The summary is in the folder.")
    desk.socket.feed(json.dumps({"command": "usermsg", "message": "The summary is in the folder."}))
    assert not desk.told.events and not desk.told.counts


def test_somebody_wants_quiet():
    """A stop request is news of the bot with a code of its own, which is for the seat to pass on."""
    desk = Desk()
    desk.socket.feed(payload_text("control/from_bot.interrupt"))
    (change,) = desk.told.changes
    assert (change.bot, change.state, change.code) == (BOT, None, STOP_ASKED) and change.words
    desk.socket.feed(READY)
    desk.socket.feed('{"command": "interrupt"}')
    assert desk.told.changes[-1].bot == BOT and desk.told.changes[-1].at > change.at, "two requests are two"


@pytest.mark.parametrize(
    "frame",
    [b"\x01\x02", "no json", "[]", '{"command": "usermsg"}', '{"command": "usermsg", "message": 7.5}', "{" * 9000],
)
def test_odd_messages_are_counted(frame):
    """They end nothing."""
    desk = Desk()
    desk.socket.feed(frame)
    assert desk.told.counts == {"control-malformed": 1} and not desk.told.events


@pytest.mark.parametrize(
    "name", ["ack", "sendmsg", "sendchat_interim", "sendchat_final", "sendimg_url", "interrupt", "sendaudio", "sendimg"]
)
def test_our_own_commands_coming_back(name):
    """A bot that echoes what we send is not a person; its echo of `interrupt` only asks for quiet."""
    desk = Desk()
    desk.socket.feed(payload_text(f"control/to_bot.{name}"))
    assert not desk.told.events and not desk.told.counts


def test_unknown_commands_are_ignored():
    """The transcript of some adapters comes by its own hook; nothing is heard twice."""
    desk = Desk()
    for command in ("transcript", "transcription.final", "brand_new"):
        desk.socket.feed(json.dumps({"command": command, "text": "hello", "is_final": True}))
    assert not desk.told.events and not desk.told.counts


values = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=9), lambda x: st.lists(x, max_size=2))


@given(
    st.text(max_size=40)
    | st.binary(max_size=20)
    | st.dictionaries(
        st.sampled_from(["command", "type", "message", "text", "bot_id", "speaker_name", "id"]),
        values | st.sampled_from(["ready", "usermsg", "interrupt"]),
        max_size=6,
    ).map(json.dumps)
)
def test_no_message_raises(frame):
    """Whatever comes on this socket."""
    desk = Desk()
    desk.socket.feed(frame)
    desk.socket.close()
