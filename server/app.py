"""The one place where concrete parts are chosen and wired together."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from server import app_seats, tunnel
from server.assets import Assets, static_dir, templates_dir
from server.brains.base import Brain
from server.brains.embedded import EmbeddedBrain
from server.brains.fallback import FallbackBrain
from server.core.conversation import Config
from server.ears.base import Ears, Transcriber
from server.hub import Hub
from server.measures import count_decision
from server.media.takes import repair
from server.rehearsal.meeting import Meeting
from server.rehearsal.room import Room
from server.rehearsal.room_registry import Rooms
from server.seats.service import Seats
from server.session import Addressee, Parts
from server.settings import Settings
from server.store.tape import SqliteTape
from server.telemetry import Metrics, watch_loop
from server.voices.base import Voice
from server.voices.espeak import EspeakVoice
from server.voices.fallback import FallbackVoice
from server.web import room_socket
from server.web.access import check, mint, new_session_id, origin_allowed
from server.web.gate import Answer, Door, Gate, Login
from server.web.headers import SafeHeaders
from server.web.page_socket import PageSocket, SocketRules
from server.web.pages import Pages
from server.web.secret import signing_secret

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger("parley.app")


def secret_text(value: Any) -> str:
    """The text of a secret setting, or nothing."""
    return value.get_secret_value() if value is not None else ""


def make_brain(settings: Settings, metrics: Metrics | None = None) -> Brain:
    """The brain that the settings ask for; with a model, the embedded one stands in when it fails."""
    embedded = EmbeddedBrain()
    if settings.chosen_brain == "embedded":
        return embedded
    from server.brains.openai_chat import OpenAIChatBrain
    from server.brains.openai_client import is_local

    model = OpenAIChatBrain(
        _client(settings.openai_base_url, secret_text(settings.openai_api_key)),
        settings.model,
        first_token_deadline=settings.first_token_deadline,
        hedge_after=None if is_local(settings.openai_base_url) else settings.hedge_after or None,
        total_deadline=settings.reply_deadline,
        vision_model=settings.vision_model,
    )

    def fell_back(code: str) -> None:
        log.warning("the model failed; the embedded brain stands in", extra={"code": code})
        if metrics is not None:
            metrics.provider_errors.labels("brain", code).inc()

    return FallbackBrain(model, embedded, on_fallback=fell_back, clock=time.monotonic)


def make_voice(settings: Settings, metrics: Metrics | None = None, espeak: EspeakVoice | None = None) -> Voice:
    """The voice that the settings ask for; with a provider, the embedded one (`espeak`) speaks when it fails."""
    espeak = espeak or EspeakVoice()
    if settings.chosen_voice == "espeak":
        return espeak
    from server.voices.openai_speech import OpenAISpeechVoice

    client = _client(settings.speech_base_url, secret_text(settings.speech_api_key))
    speech = OpenAISpeechVoice(client, settings.speech_model, settings.voice_name or "marin")

    def fell_back(code: str) -> None:
        log.warning("the voice failed; the embedded voice speaks", extra={"code": code})
        if metrics is not None:
            metrics.provider_errors.labels("voice", code).inc()

    return FallbackVoice(speech, espeak, on_fallback=fell_back)


def make_ears(settings: Settings) -> Ears | None:
    """Voice activity on the relayed sound, or none."""
    if settings.vad == "off":
        return None
    from server.ears.vad import VadEars

    return VadEars(0 if settings.vad == "energy" else settings.vad_detectors)


def make_addressee(settings: Settings) -> Addressee | None:
    """The model that is asked when the rules of addressing are not sure, or none."""
    if not settings.addressee_model or settings.chosen_brain == "embedded":
        return None
    from server.brains.addressee import ModelAddressee

    return ModelAddressee(
        _client(settings.openai_base_url, secret_text(settings.openai_api_key)), settings.addressee_model
    )


def make_transcriber(settings: Settings, metrics: Metrics | None = None) -> Transcriber | None:
    """What turns the relayed sound into words, or none."""
    if settings.chosen_transcriber == "off":
        return None
    from server.brains.openai_client import OPENAI_BASE_URL
    from server.ears.transcriber import OpenAITranscriber

    def failed(code: str) -> None:
        if metrics is not None:
            metrics.provider_errors.labels("ears", code).inc()

    return OpenAITranscriber(
        settings.transcribe_base_url or OPENAI_BASE_URL,
        secret_text(settings.transcribe_api_key),
        settings.transcribe_model,
        language=settings.language,
        keywords=(settings.name, *settings.aliases),
        on_failure=failed,
    )


_CLIENTS: dict[tuple[str, str], AsyncOpenAI] = {}


def _client(base_url: str, key: str) -> AsyncOpenAI:
    """One client per server and process: building one blocks the event loop for tens of milliseconds."""
    from server.brains.openai_client import make_client

    if (base_url, key) not in _CLIENTS:
        _CLIENTS[base_url, key] = make_client(base_url, key)
    return _CLIENTS[base_url, key]


def config_of(settings: Settings) -> Config:
    """What every new conversation begins with."""
    return Config(
        name=settings.name,
        aliases=tuple(settings.aliases),
        policy=settings.policy,
        language=settings.language,
        instructions=settings.instructions,
        prompt_tokens=settings.prompt_tokens,
        speculate=settings.speculate,
        second_opinion=make_addressee(settings) is not None,
        greeting="" if settings.greeting.strip().lower() == "off" else settings.greeting,
        chat_commands=settings.chat_commands,
    )


@dataclass
class Wired:
    """Everything of a running process, for the command line and for tests: `app.state.parley`."""

    settings: Settings
    secret: str
    parts: Parts
    hub: Hub
    rooms: Rooms
    metrics: Metrics
    seats: Seats
    public_url: str = ""

    def page_url(self, session: str = "", base: str = "") -> str:
        """The address of a session's page, with a fresh token. `base` is used when there is no public address."""
        token = mint(self.secret, session or new_session_id(), self.settings.token_ttl)
        return f"{self.public_url or base or self.local_url}/agent/?t={token}"

    @property
    def local_url(self) -> str:
        """Where this process is reached on its own machine."""
        return f"http://127.0.0.1:{self.settings.port}"


def create_app(settings: Settings) -> Starlette:
    """The application. Nothing is started before its lifespan begins."""
    secret = signing_secret(secret_text(settings.secret), settings.data_dir)
    metrics = Metrics()
    tape = SqliteTape(settings.tape)
    espeak = EspeakVoice()  # one process speaks for the agent and for the people of rehearsals
    parts = Parts(
        brain=make_brain(settings, metrics),
        voice=make_voice(settings, metrics, espeak),
        ears=make_ears(settings),
        tape=tape,
        voice_name="" if settings.chosen_voice == "openai" else settings.voice_name,
        transcriber=make_transcriber(settings, metrics),
        addressee=make_addressee(settings),
    )

    hub = Hub(
        parts,
        config_of(settings),
        max_sessions=settings.max_sessions,
        idle_seconds=settings.idle_session_minutes * 60,
        on_decision=partial(count_decision, metrics),
    )

    async def make_room() -> Room:
        session = new_session_id()
        meeting = Meeting(espeak, clock=time.monotonic, bot_id=session, language=settings.language)

        async def close() -> None:
            await hub.end(session, grace=0.0)

        return Room(meeting, session, agent_name=settings.name, on_close=close)

    rooms = Rooms(make_room)

    async def public_url() -> str:
        if not wired.public_url:  # the tunnel may have been started after us
            wired.public_url = await tunnel.find_public_url(settings.ngrok_api, settings.port) or ""
        return wired.public_url

    seats = app_seats.make_seats(
        settings,
        secret,
        hub,
        parts.ears,
        public_url=public_url,
        page_url=lambda session: wired.page_url(session),
        counted=lambda what: metrics.messages_refused.labels(what).inc(),
    )
    wired = Wired(settings, secret, parts, hub, rooms, metrics, seats, settings.public_url)
    door = Door(
        secret=secret,
        password=secret_text(settings.password) or None,
        public_url=settings.public_url,
        loopback_is_trusted=settings.trust_loopback,
    )
    templates = Environment(loader=FileSystemLoader(templates_dir()), autoescape=select_autoescape())

    def check_token(token: str) -> str:
        return check(secret, token)

    def transcript_of(session: str) -> str | None:
        room = rooms.of_session(session)
        return room.transcript_path if room is not None else None

    def may_enter(connection: HTTPConnection) -> bool:
        return door.answer(connection.scope) is Answer.OPEN

    async def new_page(request: Request) -> dict[str, str]:
        await public_url()
        session = new_session_id()
        return {"session": session, "page_url": wired.page_url(session, str(request.base_url).rstrip("/"))}

    def ready() -> dict[str, Any]:
        trouble = tape.trouble
        return {
            "ready": trouble is None and not hub.closing,
            "brain": parts.brain.name,
            "voice": parts.voice.name,
            "ears": parts.ears.name if parts.ears is not None else "off",
            "transcription": parts.transcriber.name if parts.transcriber is not None else "off",
            "tape": "ok" if trouble is None else trouble.line,
            "sessions": len(hub.sessions),
            "closing": hub.closing,
        }

    def sessions() -> list[dict[str, Any]]:
        return [
            {
                "id": session.id,
                "state": session.conversation.state,
                "page": session.link is not None,
                "mic": session.mic,
                "seconds": round(session.clock(), 1),
                "health": session.health,
            }
            for session in hub.sessions.values()
        ]

    def exposition() -> bytes:
        metrics.sessions.set(len(hub.sessions))
        metrics.pages.set(page_socket.open)
        metrics.tape_queue.set(tape.queued)
        metrics.tape_entries.set(tape.written)
        metrics.tape_dropped.set(tape.dropped.total())
        metrics.tape_trouble.set(tape.trouble is not None)
        return metrics.text()

    page_socket = PageSocket(
        hub,
        SocketRules(
            check_token=check_token,
            origin_allowed=lambda origin, host: origin_allowed(origin, host, wired.public_url),
            max_text=settings.max_text_bytes,
            max_sound=settings.max_sound_bytes,
            max_per_second=settings.max_messages_per_second,
            max_connections=settings.max_pages,
            count=lambda code: metrics.messages_refused.labels(code).inc(),
            frames_in=metrics.frames_in.inc,
        ),
    )
    pages = Pages(
        templates=templates,
        name=settings.name,
        transcript_url=settings.transcript_url,
        check_token=check_token,
        new_page_url=new_page,
        transcript_of=transcript_of,
        ready=ready,
        metrics=exposition,
        sessions=sessions,
    )

    def gated(path: str, handler: Any, methods: list[str] | None = None) -> Route:
        guard = [Middleware(Gate, door=door, templates=templates)]
        return Route(path, handler, methods=methods or ["GET"], middleware=guard)

    assets = Assets()
    routes = [
        Route("/agent/", pages.agent),
        WebSocketRoute("/agent/socket", page_socket.serve),
        gated("/", pages.start),
        gated("/rehearsal/agent/", pages.rehearsal_agent),
        *room_socket.routes(
            rooms,
            observe=hub.observe,
            authorise=may_enter,
            page_url=lambda session: f"/rehearsal/agent/?t={mint(secret, session, settings.token_ttl)}",
        ),
        gated("/api/sessions", pages.make_session, ["POST"]),
        gated("/api/sessions", pages.list_sessions),
        *app_seats.routes(settings, seats, gated, public_url, metrics),
        Route("/login", Login(door=door, templates=templates).answer, methods=["GET", "POST"]),
        Route("/healthz", pages.healthz),
        Route("/readyz", pages.readyz),
        gated("/metrics", pages.metrics_page),
        Mount("/static", StaticFiles(directory=static_dir())),
    ]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await public_url()
        restore = asyncio.create_task(seats.restore(), name="seats-restore")
        # What a crash left unfinished is made whole beside the work: films of hours take minutes.
        mend = asyncio.create_task(asyncio.to_thread(repair, settings.recordings), name="recordings-repair")
        watch = asyncio.create_task(hub.watch(), name="hub-watch")
        warm = asyncio.create_task(_warm(espeak), name="warm-up")
        lag = asyncio.create_task(watch_loop(metrics), name="loop-lag")
        gc.collect()
        gc.freeze()  # everything loaded so far lives as long as the process: do not walk it at every collection
        gc.set_threshold(5_000, 10, 50)  # and walk the sessions seldom: with 200 of them a full collection takes 50 ms
        # The tape's thread and the ears' may keep the interpreter for a millisecond, not for five: the loop gives it
        # away with every packet and waits that long to get it back (`python -m bench.latency`).
        sys.setswitchinterval(0.001)
        try:
            yield
        finally:
            watch.cancel()
            warm.cancel()
            lag.cancel()
            restore.cancel()
            mend.cancel()
            await seats.close()
            await rooms.close()
            await hub.close(settings.shutdown_grace)
            if parts.transcriber is not None:
                await parts.transcriber.close()
            if parts.ears is not None:
                await parts.ears.close()
            for part in (parts.brain, parts.voice, espeak):
                await part.close()
            for client in _CLIENTS.values():
                await client.close()
            _CLIENTS.clear()
            await tape.close()

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={404: pages.not_found, 500: pages.broken},
        middleware=[
            Middleware(
                SafeHeaders,
                transcript_url=settings.transcript_url,
                public_url=settings.public_url,
                assets=assets,
                framing=("/", "/rehearsal"),
            )
        ],
    )
    app.state.parley = wired
    return app


async def _warm(voice: EspeakVoice) -> None:
    """Start the voice's process before the first word is needed. A failure shows at the first reply, or in doctor."""
    with suppress(Exception):
        async for _ in voice.speak("Ready."):
            pass
