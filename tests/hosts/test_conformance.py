"""What every host's adapter keeps to. A new host is done when it passes here; see tests/hosts/conformance.py."""

from __future__ import annotations

import dataclasses
import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import HostError
from server.hosts.base import OVER, SeatState, Sense
from tests.hosts.conformance import CASES, MEETING, Case, Kept, order_for

pytestmark = pytest.mark.anyio

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    """Each host in turn."""
    return request.param


async def test_it_says_what_it_is(case):
    """Name, title and channels are usable in addresses and on screens, and no channel has two meanings."""
    async with case.stage() as (host, _):
        assert host.name == case.name
        assert host.name.isascii() and host.name.islower() and host.name.isalpha()
        assert host.title.strip()
        for channel in (*host.sockets, *host.hooks):
            assert channel.isascii() and channel.replace("-", "").isalnum()
        assert "" in host.chat_limits and all(limit >= 0 for limit in host.chat_limits.values())


async def test_an_order_needs_only_channels_it_has(case):
    """Whatever senses are asked for, `needs` names known channels; more senses never need fewer sockets."""
    async with case.stage() as (host, _):
        least, _ = host.needs(order_for(host))
        for sense in get_args(Sense):
            sockets, hooks = host.needs(order_for(host, senses=frozenset({sense})))
            assert least <= sockets <= set(host.sockets)
            assert hooks <= set(host.hooks)


async def test_a_bot_lives_from_join_to_done(case):
    """Join gives an id that status, chat and leave understand; leaving twice is no error; the end is an end."""
    async with case.stage() as (host, service):
        order = order_for(host, senses=case.senses)
        host.check(order)
        bot = await host.join(order)
        assert isinstance(bot, str) and bot
        vendor = await service.next_bot()
        change = await host.status(bot)
        assert change is None or (change.bot == bot and change.state is not None)
        await vendor.reaches(case.seated)
        await host.chat(bot, "Good morning.")
        await host.leave(bot)
        await host.leave(bot)
        await vendor.reaches(case.gone)
        change = await host.status(bot)
        assert change is not None and change.state in (*OVER, SeatState.LEAVING)
        assert change.words and change.bot == bot


async def test_what_cannot_work_is_refused_before_anything_is_sent(case):
    """No meeting, another platform's address, an impossible name: a HostError with advice, and no request."""
    async with case.stage() as (host, service):
        order = order_for(host)
        for change in (
            {"meeting_url": "https://example.com/lunch"},
            {"meeting_url": "not an address"},
            {"meeting_url": "https://user:pass@meet.google.com/abc"},
            {"name": ""},
            {"name": "x" * 200},
            {"name": "a\nb"},
        ):
            with pytest.raises(HostError) as refused:
                host.check(dataclasses.replace(order, **change))
            assert refused.value.advice
            assert str(change.get("meeting_url", MEETING)) not in str(refused.value)
        assert not service.requests


async def test_a_wrong_key_and_a_dead_vendor_are_told_apart(case):
    """401 speaks of the key; no answer at all is something to try again later."""
    async with case.stage() as (host, service):
        service.key = "another"
        with pytest.raises(HostError) as refused:
            await host.join(order_for(host))
        assert refused.value.status in (401, 403) and not refused.value.retryable and refused.value.advice
    host = case.alone()
    with pytest.raises(HostError) as unreachable:
        await host.status("0a1b2c3d-0000-4000-8000-000000000000")
    assert unreachable.value.status == 0
    await host.close()


async def test_an_unknown_bot_is_an_error_in_words(case):
    """Chat with a bot that is not there says so."""
    async with case.stage() as (host, _):
        with pytest.raises(HostError) as refused:
            await host.chat("0a1b2c3d-0000-4000-8000-000000000000", "Hello?")
        assert 400 <= refused.value.status < 500


@pytest.mark.parametrize("message", [{}, [], None, "x", 7, {"event": "bot.dancing"}, {"event": None, "data": []}])
async def test_news_of_something_else_is_none(case, message):
    """A status webhook may hold anything."""
    async with case.stage() as (host, _):
        assert host.news(message) is None


async def test_closing_twice_is_closing_once(case):
    """Connections, sockets and the adapter end quietly, however often they are told."""
    async with case.stage() as (host, _):
        sink = Kept()
        for channel in host.sockets:
            connection = host.connect(channel, sink, lambda text: None)
            connection.close()
            connection.close()
        await host.close()
        await host.close()


async def test_no_message_ends_a_connection(case):
    """Whatever arrives on a socket or by post is taken or counted, never raised."""

    @given(st.lists(st.one_of(st.binary(max_size=64), st.text(max_size=64), JSON.map(json.dumps)), max_size=6))
    def feed(frames):
        sink = Kept()
        for channel in host.sockets:
            connection = host.connect(channel, sink, lambda text: None)
            for frame in frames:
                connection.feed(frame)
            connection.close()

    @given(JSON)
    def post(message):
        host.news(message)
        for channel in host.hooks:
            host.posted(channel, message, Kept())

    async with case.stage() as (host, _):
        feed()
        post()


async def test_two_seats_share_nothing(case):
    """What one connection is fed never reaches the sink of another."""
    async with case.stage() as (host, _):
        for channel in host.sockets:
            one, other = Kept(), Kept()
            first, second = host.connect(channel, one, lambda t: None), host.connect(channel, other, lambda t: None)
            first.feed(b"\x00garbage")
            first.feed("{not json")
            assert not (other.events or other.sounds or other.pictures or other.changes or other.odd)
            first.close()
            second.close()
