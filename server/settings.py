"""Everything an operator may set: read once from the environment and `.env`, checked, frozen.

`load()` is the only way the environment gets in; `Settings()` alone gives the defaults and reads nothing, as
tests want. Each field carries its unit, its default and the reason for it; `docs/settings.md` says the same
in a table, and a test compares the two.
"""

from __future__ import annotations

import difflib
import logging
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from server.addresses import is_loopback, parse_address
from server.errors import SettingsError

log = logging.getLogger("parley.settings")

PREFIX = "PARLEY_"
#: Names with our prefix that are no settings of the server: used by the tests.
NOT_SETTINGS = frozenset({"PARLEY_REAL_DATA", "PARLEY_REFERENCE"})


class Settings(BaseSettings):
    """The settings of one process. Times are seconds, sizes bytes, unless the name says otherwise."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        validate_default=False,
    )

    # ------------------------------------------------------------ where it is reached
    host: str = Field("127.0.0.1", description="Address to listen on; loopback, so that nothing is open by accident.")
    port: int = Field(
        8000,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("PARLEY_PORT", "PORT"),
        description="Port to listen on; 0 takes any free one. PORT is understood too; PARLEY_PORT wins.",
    )
    public_url: str = Field(
        "",
        description="https address a meeting bot reaches us at, no path. Empty: a running ngrok is asked.",
    )
    ngrok_api: str = Field(
        "http://127.0.0.1:4040", description="Local API of the ngrok agent, asked for the public address."
    )

    # ------------------------------------------------------------ who may come in
    secret: SecretStr = Field(
        SecretStr(""),
        description="Signs page tokens; at least 16 characters. Empty: made once, kept in the data folder.",
    )
    password: SecretStr | None = Field(
        None,
        description="Opens the operator's pages from elsewhere; at least 8 characters. Empty: loopback only.",
    )
    trust_loopback: bool = Field(
        True,
        description="Whether this machine needs no password. Set false behind a tunnel of plain TCP.",
    )
    token_ttl: float = Field(
        6 * 3600.0,
        ge=60,
        le=7 * 86400,
        description="Seconds a page's address stays valid: waiting room and a long meeting, not a week.",
    )

    # ------------------------------------------------------------ where it writes
    data_dir: Path = Field(Path(".parley"), description="Folder for the tape and the secret; made with mode 0700.")
    tape: Path = Field(Path(""), description="File of the tape. Empty: tape.db in the data folder.")

    # ------------------------------------------------------------ who the agent is
    name: str = Field(
        "Parley",
        min_length=1,
        max_length=40,
        description="The agent's name: shown, and what people call it by.",
    )
    aliases: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        max_length=20,
        description="Other names it answers to, separated by commas: nicknames, mis-hearings.",
    )
    language: str = Field(
        "en",
        pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
        description="Language it speaks, as a BCP 47 tag. English, because its rules know English best.",
    )
    policy: Literal["named", "open", "muted"] = Field(
        "named",
        description="Answers when named, to one person alone always, or not before it is called: most speech is not "
        "for us.",
    )
    greeting: str = Field(
        "Hello, I am {name}. Say my name when you need me.",
        max_length=400,
        description="Said once when its bot is in a meeting and somebody is there; {name} is its name. off: nothing.",
    )
    chat_commands: Literal["hosts", "everyone", "nobody"] = Field(
        "hosts",
        description="Whose `leave` and `say` in a meeting's chat count; everyone's where no host is known.",
    )
    instructions: str = Field(
        "", max_length=20_000, description="Added to a language model's prompt: who the agent is for."
    )

    # ------------------------------------------------------------ the brain
    brain: Literal["auto", "openai", "embedded"] = Field(
        "auto",
        description="auto: a language model when a key or a base URL is set, otherwise the embedded brain.",
    )
    openai_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("OPENAI_API_KEY"),
        description="Key of the language model's provider.",
    )
    openai_base_url: str = Field(
        "",
        validation_alias=AliasChoices("OPENAI_BASE_URL"),
        description="Address of any OpenAI-compatible API, up to and with /v1. Empty: OpenAI's.",
    )
    model: str = Field(
        "gpt-5.4-mini",
        min_length=1,
        max_length=200,
        description="Chat model; a small one, because the first word must come soon.",
    )
    vision_model: str = Field(
        "",
        max_length=200,
        description="Model shown pictures when the talk points at them; the chat model's name if it can. Empty: none.",
    )
    first_token_deadline: float = Field(
        4.0,
        ge=0.2,
        le=60,
        description="Seconds to the first word of a reply; then the embedded brain answers.",
    )
    hedge_after: float = Field(
        1.2,
        ge=0,
        le=60,
        description="Seconds without a first word after which a second request is started; 0: never.",
    )
    reply_deadline: float = Field(60.0, ge=1, le=600, description="Seconds a whole reply may take to be thought.")
    prompt_tokens: int = Field(
        6000, ge=500, le=1_000_000, description="Tokens of prompt at most; more costs time to the first word."
    )
    addressee_model: str = Field(
        "",
        max_length=200,
        description="A quick model asked when the rules are not sure who was spoken to. Empty: the rules decide alone.",
    )
    speculate: bool = Field(
        True,
        description="Begin thinking before it is sure that a turn is over: quicker, for some wasted prompts.",
    )

    # ------------------------------------------------------------ the voice
    voice: Literal["auto", "openai", "espeak"] = Field(
        "auto",
        description="auto: the provider's voice when a key or a speech base URL is set, otherwise eSpeak NG.",
    )
    voice_name: str = Field("", max_length=100, description="Speaker of the voice. Empty: the voice's own default.")
    speech_model: str = Field(
        "gpt-4o-mini-tts", min_length=1, max_length=200, description="Model of the provider's voice."
    )
    speech_base_url: str = Field("", description="Address of the speech API. Empty: the one of the language model.")
    speech_api_key: SecretStr | None = Field(
        None,
        description="Key of the speech API. Empty: the model's key, if the base URL is the same.",
    )

    # ------------------------------------------------------------ the ears
    vad: Literal["auto", "energy", "off"] = Field(
        "auto", description="Voice activity: auto takes the trained detector and falls back on energy."
    )
    vad_detectors: int = Field(
        4,
        ge=1,
        le=64,
        description="Trained detectors in the process, shared by all sessions; each costs 12 MB.",
    )
    transcribe: Literal["auto", "openai", "off"] = Field(
        "auto",
        description="Words from the sound itself, beside the host's: auto when a key or a base URL for it is set.",
    )
    transcribe_model: str = Field(
        "gpt-live-transcribe",
        min_length=1,
        max_length=200,
        description="Model that turns sound into words; a streaming one, because the host's words come late.",
    )
    transcribe_base_url: str = Field(
        "", description="Address of the transcription API. Empty: the one of the language model."
    )
    transcribe_api_key: SecretStr | None = Field(
        None,
        description="Key of the transcription API. Empty: the model's key, if the base URL is the same.",
    )
    transcript_url: str = Field(
        "wss://meeting-data.bot.recall.ai/api/v1/transcript",
        description="Where the page reads the meeting's words inside a bot.",
    )

    # ------------------------------------------------------------ seats in meetings
    recall_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("PARLEY_RECALL_API_KEY", "RECALL_API_KEY"),
        description="Key of a Recall.ai workspace.",
    )
    recall_region: Literal["", "us-east-1", "us-west-2", "eu-central-1", "ap-northeast-1"] = Field(
        "",
        validation_alias=AliasChoices("PARLEY_RECALL_REGION", "RECALL_REGION"),
        description="Region of that workspace; needed with the key, because a key is of one region only.",
    )
    recall_base_url: str = Field("", description="Another address in place of the region's; for stand-ins.")
    recall_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        max_length=8,
        description="Verification secrets (whsec_…) of the workspace and its webhooks, old and new, by commas.",
    )
    meetstream_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("PARLEY_MEETSTREAM_API_KEY", "MEETSTREAM_API_KEY"),
        description="Key of a MeetStream workspace.",
    )
    meetstream_base_url: str = Field("", description="Another address in place of MeetStream's; for stand-ins.")
    meetstream_secrets: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), max_length=8, description="Secrets of the workspace's signed webhooks, by commas."
    )
    webhook_window: float = Field(
        300.0, ge=10, le=86_400, description="Seconds a host's signature is good for; wider when clocks disagree."
    )
    max_host_sockets: int = Field(
        400, ge=1, le=100_000, description="Connections of hosts open at once, over all meetings."
    )
    record_limit_mb: int = Field(
        2000, ge=1, le=10_000_000, description="Megabytes one meeting's recording may take; then it stops."
    )

    # ------------------------------------------------------------ limits
    max_sessions: int = Field(200, ge=1, le=100_000, description="Sessions open at once; the next is refused.")
    max_pages: int = Field(
        400, ge=1, le=200_000, description="Page sockets open at once, greeted or not; the next is refused."
    )
    max_text_bytes: int = Field(
        65_536,
        ge=1024,
        le=16_777_216,
        description="Bytes of one text message on a socket; a longer one is refused.",
    )
    max_sound_bytes: int = Field(
        20_000,
        ge=660,
        le=1_048_576,
        description="Bytes of one sound frame: 0.6 s of meeting sound; usual is 20-100 ms.",
    )
    max_messages_per_second: int = Field(
        200,
        ge=20,
        le=10_000,
        description="Messages per second of one page; above it the page is told to slow down.",
    )
    idle_session_minutes: float = Field(
        30.0, ge=1, le=1440, description="Minutes without a page after which a session is closed."
    )
    shutdown_grace: float = Field(
        8.0,
        ge=0,
        le=120,
        description="Seconds given to replies and to the tape when the process is told to stop.",
    )

    # ------------------------------------------------------------ logs
    log_format: Literal["text", "json"] = Field("text", description="Shape of the log's lines. Speech is in neither.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed in: the environment comes through `load`, never by the back door."""
        return (init_settings,)

    @field_validator("aliases", "recall_secrets", "meetstream_secrets", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = value.split(",")
        parts = (part.strip() if isinstance(part, str) else part for part in value)
        return tuple(part for part in parts if part)

    @field_validator(
        "policy", "brain", "voice", "vad", "transcribe", "log_format", "log_level", "chat_commands", "recall_region",
        mode="before",
    )  # fmt: skip
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str) -> str:
        if not value:
            return ""
        parts = parse_address(value, ("https", "http"))
        if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
            raise ValueError("must be an https address (http is for stand-ins on this machine only)")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("must be an address without a path, like https://agent.example.com")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @field_validator(
        "openai_base_url", "speech_base_url", "transcribe_base_url", "ngrok_api", "recall_base_url",
        "meetstream_base_url",
    )  # fmt: skip
    @classmethod
    def _http(cls, value: str) -> str:
        if value:
            parse_address(value, ("http", "https"))
        return value.rstrip("/")

    @field_validator("transcript_url")
    @classmethod
    def _socket(cls, value: str) -> str:
        parts = parse_address(value, ("ws", "wss"))
        if parts.scheme == "ws" and not is_loopback(parts.hostname or ""):
            raise ValueError("must be a wss address (ws is for this machine only)")
        return value

    @field_validator("secret")
    @classmethod
    def _long_secret(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < 16:
            raise ValueError("must have at least 16 characters")
        return value

    @field_validator("password")
    @classmethod
    def _long_password(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < 8:
            raise ValueError("must have at least 8 characters")
        return value

    @model_validator(mode="after")
    def _fill(self) -> Settings:
        """Defaults that depend on other settings, and combinations that cannot work."""
        if self.brain == "openai" and not (self.openai_api_key or self.openai_base_url):
            raise ValueError("PARLEY_BRAIN=openai needs OPENAI_API_KEY or OPENAI_BASE_URL")
        if self.recall_api_key and not (self.recall_region or self.recall_base_url):
            raise ValueError("PARLEY_RECALL_API_KEY needs PARLEY_RECALL_REGION: a key is of one region only")
        fill = self.__dict__  # the object is frozen for everyone else
        if self.tape == Path(""):
            fill["tape"] = self.data_dir / "tape.db"
        if self.speech_api_key is None and self.speech_base_url in ("", self.openai_base_url):
            # A key goes to the server it belongs to, never to another one that happens to speak.
            fill["speech_api_key"] = self.openai_api_key
        if not self.speech_base_url:
            fill["speech_base_url"] = self.openai_base_url
        if self.voice == "openai" and not (self.speech_api_key or self.speech_base_url):
            raise ValueError("PARLEY_VOICE=openai needs OPENAI_API_KEY, PARLEY_SPEECH_API_KEY or a base URL")
        if self.transcribe_api_key is None and self.transcribe_base_url in ("", self.openai_base_url):
            fill["transcribe_api_key"] = self.openai_api_key
        if not self.transcribe_base_url:
            fill["transcribe_base_url"] = self.openai_base_url
        if self.transcribe == "openai":
            if not (self.transcribe_api_key or self.transcribe_base_url):
                raise ValueError("PARLEY_TRANSCRIBE=openai needs OPENAI_API_KEY, PARLEY_TRANSCRIBE_API_KEY or a URL")
            if self.vad == "off":
                raise ValueError("PARLEY_TRANSCRIBE=openai needs PARLEY_VAD: it says where an utterance ends")
        return self

    @property
    def recordings(self) -> Path:
        """The folder of what was recorded of meetings."""
        return self.data_dir / "recordings"

    @property
    def chosen_brain(self) -> Literal["openai", "embedded"]:
        """Which brain answers, with auto resolved."""
        if self.brain == "auto":
            return "openai" if self.openai_api_key or self.openai_base_url else "embedded"
        return self.brain

    @property
    def chosen_voice(self) -> Literal["openai", "espeak"]:
        """Which voice speaks, with auto resolved. A base URL of the language model alone names no voice."""
        if self.voice == "auto":
            elsewhere = self.speech_base_url not in ("", self.openai_base_url)
            return "openai" if self.speech_api_key or elsewhere else "espeak"
        return self.voice

    @property
    def chosen_transcriber(self) -> Literal["openai", "off"]:
        """What turns sound into words, with auto resolved. Without voice activity nothing does."""
        if self.transcribe == "auto":
            elsewhere = self.transcribe_base_url not in ("", self.openai_base_url)
            return "openai" if self.vad != "off" and (self.transcribe_api_key or elsewhere) else "off"
        return self.transcribe


def env_names(field: str) -> tuple[str, ...]:
    """The environment names of a setting, the strongest first."""
    alias = Settings.model_fields[field].validation_alias
    if isinstance(alias, AliasChoices):
        return tuple(str(choice) for choice in alias.choices)
    return (PREFIX + field.upper(),)


def unknown_names(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names with our prefix that are no settings, each with the nearest one that is (or an empty string)."""
    known = {name for field in Settings.model_fields for name in env_names(field)}
    found = []
    for name in sorted(names):
        if name.upper().startswith(PREFIX) and name.upper() not in known | NOT_SETTINGS:
            near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.6)
            found.append((name, near[0] if near else ""))
    return found


class _Given(EnvSettingsSource):
    """The environment as it was handed to `load`."""

    def __init__(self, given: Mapping[str, str | None]) -> None:
        self._given = {name.lower(): value for name, value in given.items() if value is not None}
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name: value for name, value in self._given.items() if value.strip()}


def load(env: Mapping[str, str] | None = None, env_file: str | Path | None = ".env") -> Settings:
    """Read the settings. The environment is stronger than the file.

    Raises `SettingsError`, which lists every wrong setting by its environment name with the reason, never
    its value.
    """
    given: dict[str, str | None] = {}
    if env_file is not None and Path(env_file).is_file():
        try:
            given.update(dotenv_values(env_file, interpolate=False))
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{Path(env_file).name} cannot be read: {type(error).__name__}") from None
    given.update({name: value for name, value in (os.environ if env is None else env).items() if value.strip()})
    for name, near in unknown_names(given):
        hint = f"; did you mean {near}?" if near else ""
        log.warning("unknown setting %s is ignored%s", name, hint)
    try:
        return Settings(**_Given(given)())
    except ValidationError as error:
        raise SettingsError(_reasons(error)) from None


def _reasons(error: ValidationError) -> str:
    lines = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        place = str(item["loc"][0]) if item["loc"] else ""
        name = env_names(place)[0] if place in Settings.model_fields else place.upper()
        reason = item["msg"].removeprefix("Value error, ")
        lines.append(f"{name}: {reason[:1].lower() + reason[1:]}" if name else reason)
    return "wrong settings:\n  " + "\n  ".join(sorted(lines))
