"""The rehearsal room's sockets: one for the person at the screen, one in place of the bot's transcript feed.
And the way in for meeting files.

`/rehearsal/socket` carries JSON text frames told apart by `type`, and sound down as binary frames.

From the page (the first message is `join`; everything else is refused before it):

    join    {room}               the key kept in the tab, or ""; answered by `welcome`
    say     {person, text}       a person says a line, after what they are already saying
    interrupt {person, text}     a person breaks off what they are saying and says this at once, over whoever talks
    hush    {}                   everybody breaks off
    person.add {name}            person.rename {person, name}        person.remove {person}
    play    {speed}              1, 2, 5, 20, or 0 for all of it at once        pause {}        unload {}
    leave   {}                   end this room now
    ping    {}                   answered by `pong`

To the page:

    welcome {room, page, agent, state, people, lines, meeting, manners}
            the whole room; `page` is the address of the agent's page, `manners` is {voice, words, hand, talking}
    people  {people: [{id, name}]}
    line    {id, person, speaker, text, agent, final, cut, start, seconds, words, decision?, voice?, age?}
            one line; the same id again replaces it. `start` is seconds of the meeting, `words` the begins of
            the words after it in seconds; `person` 0 is the agent, and `voice` what became of its voice meanwhile
    decision {line, verdict, reason, words, evidence, floor, outcome, latency_ms}
            why the agent answered that line, or did not; see server/core/decision.py
    state   {state}              the agent's state
    floor   {talking}            whether the agent's ears hear somebody
    voice   {voice, words}       silent, speaking, lowered, held, going on, or stopped; `words` say why it stopped
    hand    {label}              the agent raises its hand for this; "" when it takes it down
    meeting {meeting: null | {title, speakers, turns, said, seconds, duration, speed, state, trouble}}
            `state` is ready, playing, paused or over; times are seconds of the recording
    notice  {text}               one sentence to show
    problem {code, message, fatal}   a command was refused (`fatal` false: the socket lives on)
    pong    {}                   closed {}

Sound: u32 little-endian number of the first frame, then two 20 ms frames of the meeting's mix, 48 kHz s16le
mono. Frame n covers the meeting's time from n * 0.02 s on. Silence longer than half a second is not sent.

`POST /rehearsal/meeting?room=KEY&name=NAME` takes a meeting file of at most 5 MB (`server/rehearsal/room_file.py`) in
place of the one before; its speakers join. It answers 201 with what `meeting` carries, or 400, 403 or 413 with
`{code, message}`. A file goes this way because a socket's messages are kept small.

`/rehearsal/meeting-data/api/v1/transcript?room=KEY` sends what Recall's
`wss://meeting-data.bot.recall.ai/api/v1/transcript` sends inside a bot; whatever arrives on it is ignored.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.errors import ParleyError, ProtocolError, RehearsalError
from server.rehearsal.room import Event, Room
from server.rehearsal.room_file import MAX_BYTES
from server.rehearsal.room_registry import Rooms
from server.web.room_visit import FULL, POLICY, Visit, problem

log = logging.getLogger(__name__)

Observe = Callable[[str, Callable[[Event], None]], Callable[[], None]]

#: Seconds in which the first message has to come.
JOIN_WITHIN = 10.0
#: Lines of one socket that wait for their speakers; a further one is refused.
MAX_AT_WORK = 24


class RoomSockets:
    """Both endpoints over the rooms of this process."""

    def __init__(
        self,
        rooms: Rooms,
        *,
        observe: Observe,
        authorise: Callable[[HTTPConnection], bool],
        page_url: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rooms = rooms
        self._observe = observe
        self._authorise = authorise
        self._page_url = page_url
        self._clock = clock
        self._here: dict[str, Visit] = {}
        rooms.on_open = self._opened

    def _opened(self, room: Room) -> None:
        stop = self._observe(room.session_id, room.session_event)

        def over(event: Event) -> None:
            if event["type"] == "closed":
                stop()

        room.listen(over)

    def _may_enter(self, connection: HTTPConnection) -> bool:
        """A page of another site may open a socket to this machine too: only our own origin is let in."""
        origin, host = connection.headers.get("origin"), connection.headers.get("host", "")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return False
        return self._authorise(connection)

    async def room(self, socket: WebSocket) -> None:
        """`/rehearsal/socket`"""
        if not self._may_enter(socket):
            await socket.close(POLICY)
            return
        await socket.accept()
        visit = Visit(socket, self._clock)
        with contextlib.suppress(WebSocketDisconnect):
            try:
                room = await self._join(visit)
            except TimeoutError:
                await visit.refuse("late", "The first message did not come in time.", POLICY)
                return
            except ParleyError as error:
                code = "full" if isinstance(error, RehearsalError) else "protocol"
                await visit.refuse(code, str(error), FULL)
                return
            with self._rooms.hold(room):
                await self._stay(visit, room)

    async def _join(self, visit: Visit) -> Room:
        message = await asyncio.wait_for(visit.receive(), JOIN_WITHIN)
        key = message.get("room", "")
        if message.get("type") != "join" or not isinstance(key, str):
            raise ProtocolError("The first message has to be join.")
        return await self._rooms.enter(key)

    async def _stay(self, visit: Visit, room: Room) -> None:
        before = self._here.get(room.id)
        self._here[room.id] = visit
        if before is not None:
            before.replaced()
        visit.put({**room.snapshot, "page": self._page_url(room.session_id)})
        stop = room.listen(visit.put)
        work = [
            asyncio.create_task(visit.send_events(), name="room-events"),
            asyncio.create_task(visit.send_sound(room), name="room-sound"),
            asyncio.create_task(self._obey(visit, room), name="room-commands"),
        ]
        try:
            # Whichever ends first ends the visit: the page went away, or another tab has taken over.
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop()
            if self._here.get(room.id) is visit:
                del self._here[room.id]
            for task in (*work, *visit.at_work):
                task.cancel()
            for result in await asyncio.gather(*work, *visit.at_work, return_exceptions=True):
                # RuntimeError is what Starlette says when the socket has gone between two sends.
                gone = isinstance(result, (WebSocketDisconnect, RuntimeError))
                if isinstance(result, Exception) and not gone:
                    log.error("the rehearsal room's socket failed: %s", type(result).__name__)

    async def _obey(self, visit: Visit, room: Room) -> None:
        while True:
            try:
                message = await visit.receive()
            except ProtocolError as error:
                visit.put(problem("protocol", str(error)))
                continue
            if message.get("type") == "leave":
                await self._rooms.end(room)
                return
            if message.get("type") not in ("say", "interrupt"):
                await _perform(visit, room, message)
                continue
            if len(visit.at_work) >= MAX_AT_WORK:
                visit.put(problem("busy", "Too much at once: wait a moment."))
                continue
            # A line waits for its speaker: the next command must not wait for that line.
            task = asyncio.create_task(_perform(visit, room, message), name="room-command")
            visit.at_work.add(task)
            task.add_done_callback(visit.at_work.discard)

    async def meeting(self, request: Request) -> Response:
        """`POST /rehearsal/meeting`"""
        room = self._rooms.find(request.query_params.get("room", ""))
        if room is None or not self._may_enter(request):
            return _refusal(403, "forbidden", "This room is not open to you.")
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_BYTES:
                return _refusal(413, "too-big", "The file is too big: at most 5 MB.")
        try:
            # A long file takes a while to read: the sound goes on meanwhile.
            whole = await asyncio.to_thread(json.loads, body)
        except (ValueError, RecursionError):
            return _refusal(400, "not-json", "The file is not JSON.")
        try:
            player = await room.load(whole, request.query_params.get("name", ""))
        except ParleyError as error:
            return _refusal(400, "refused", str(error))
        return JSONResponse(player.snapshot, 201)

    async def transcript(self, socket: WebSocket) -> None:
        """`/rehearsal/meeting-data/api/v1/transcript`"""
        room = self._rooms.find(socket.query_params.get("room", ""))
        if room is None or not self._may_enter(socket):
            await socket.close(POLICY)
            return
        await socket.accept()
        with self._rooms.hold(room):
            feed = room.meeting.subscribe_transcript()

            async def send() -> None:
                async for message in feed:
                    await socket.send_text(json.dumps(message))

            async def receive() -> None:
                while (await socket.receive())["type"] != "websocket.disconnect":
                    pass

            work = [asyncio.create_task(send()), asyncio.create_task(receive())]
            try:
                await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            finally:
                feed.close()
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await socket.close(1000)


async def _perform(visit: Visit, room: Room, message: dict[str, Any]) -> None:
    """Do one command; answer it with a problem when it cannot be done."""
    try:
        match message:
            case {"type": "say", "person": int(person), "text": str(text)}:
                await room.say(person, text)
            case {"type": "interrupt", "person": int(person), "text": str(text)}:
                await room.interrupt(person, text)
            case {"type": "hush"}:
                room.hush()
            case {"type": "person.add", "name": str(name)}:
                room.add_person(name)
            case {"type": "person.rename", "person": int(person), "name": str(name)}:
                room.rename_person(person, name)
            case {"type": "person.remove", "person": int(person)}:
                room.remove_person(person)
            case {"type": "play", "speed": int() | float() as speed}:
                await room.play(float(speed))
            case {"type": "pause"}:
                await room.pause()
            case {"type": "unload"}:
                await room.unload()
            case {"type": "ping"}:
                visit.put({"type": "pong"})
            case _:
                visit.put(problem("protocol", "This command is not known, or a part of it is missing."))
    except ParleyError as error:
        visit.put(problem("refused", str(error)))
    except Exception as error:
        log.error("a command of the rehearsal room failed: %s", type(error).__name__)
        visit.put(problem("failed", "That did not work: something broke in the room."))


def _refusal(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status)


def routes(
    rooms: Rooms,
    *,
    observe: Observe,
    authorise: Callable[[HTTPConnection], bool],
    page_url: Callable[[str], str],
) -> list[BaseRoute]:
    """The three routes. `page_url` gets a session's id; `observe` also gets where to send its events."""
    sockets = RoomSockets(rooms, observe=observe, authorise=authorise, page_url=page_url)
    return [
        WebSocketRoute("/rehearsal/socket", sockets.room),
        Route("/rehearsal/meeting", sockets.meeting, methods=["POST"]),
        WebSocketRoute("/rehearsal/meeting-data/api/v1/transcript", sockets.transcript),
    ]
