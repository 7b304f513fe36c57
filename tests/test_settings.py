"""Settings: read once, checked, frozen; and nothing secret ever shows."""

import re
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from server.errors import SettingsError
from server.settings import Settings, env_names, load, unknown_names

ROOT = Path(__file__).parent.parent


def read(**env: str) -> Settings:
    return load(env, env_file=None)


def test_nothing_needs_to_be_set():
    """With an empty environment everything has a default that works on a laptop with no key."""
    settings = read()
    assert (settings.host, settings.port, settings.chosen_brain, settings.chosen_voice) == (
        "127.0.0.1",
        8000,
        "embedded",
        "espeak",
    )
    assert settings.tape == Path(".parley/tape.db")
    assert read(PARLEY_DATA_DIR="/x").tape == Path("/x/tape.db")
    assert read(PARLEY_TAPE="/y/z.db").tape == Path("/y/z.db")


def test_the_environment_does_not_leak_into_plain_settings(monkeypatch):
    """`Settings()` gives the defaults whatever the environment holds; only `load` reads it."""
    monkeypatch.setenv("PARLEY_PORT", "9999")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    assert Settings().port == 8000
    assert Settings().openai_api_key is None
    assert load(env_file=None).port == 9999


def test_settings_can_be_built_by_their_names():
    """Tests and the rehearsal build settings by field names; they are checked all the same."""
    assert Settings(port=1234, openai_base_url="http://127.0.0.1:1/v1/").openai_base_url == "http://127.0.0.1:1/v1"
    with pytest.raises(ValidationError):
        Settings(port=-1)
    with pytest.raises(ValidationError):
        Settings(prot=1)


def test_parley_port_is_stronger_than_port():
    """PORT, which hosting platforms set, is understood; PARLEY_PORT wins."""
    assert read(PORT="9000").port == 9000
    assert read(PORT="9000", PARLEY_PORT="7000").port == 7000


def test_the_environment_is_stronger_than_the_file(tmp_path):
    """A value from the environment beats the one in `.env`; an empty one counts as not set."""
    file = tmp_path / ".env"
    file.write_text("PARLEY_NAME=Ada\nPARLEY_PORT=7000\nUNRELATED=x\nPARLEY_INSTRUCTIONS='a $b'\n")
    settings = load({"PARLEY_PORT": "7001", "PARLEY_NAME": "", "OTHER": "y"}, env_file=file)
    assert (settings.name, settings.port, settings.instructions) == ("Ada", 7001, "a $b")


def test_a_file_that_is_not_text_is_refused(tmp_path):
    """A `.env` that cannot be read is a SettingsError, not a traceback of a codec."""
    file = tmp_path / ".env"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        load({}, env_file=file)


def test_settings_are_frozen():
    """Nobody changes a setting after the start."""
    with pytest.raises(ValidationError):
        read().port = 1


def test_aliases_are_a_comma_list():
    """Aliases are split at commas and trimmed; empty parts do not count."""
    assert read(PARLEY_ALIASES=" Parlay, ,Barley,").aliases == ("Parlay", "Barley")


@pytest.mark.parametrize(
    ("env", "brain", "voice"),
    [
        ({}, "embedded", "espeak"),
        ({"OPENAI_API_KEY": "k"}, "openai", "openai"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "openai", "espeak"),
        ({"OPENAI_API_KEY": "k", "PARLEY_BRAIN": "embedded", "PARLEY_VOICE": "espeak"}, "embedded", "espeak"),
        ({"PARLEY_SPEECH_API_KEY": "k"}, "embedded", "openai"),
        ({"PARLEY_SPEECH_BASE_URL": "http://127.0.0.1:2/v1"}, "embedded", "openai"),
        ({"PARLEY_SPEECH_BASE_URL": "http://127.0.0.1:2/v1", "PARLEY_BRAIN": "Embedded "}, "embedded", "openai"),
    ],
)
def test_auto_takes_what_is_configured(env, brain, voice):
    """auto means the provider when there is a way to reach it, the embedded part otherwise."""
    settings = read(**env)
    assert (settings.chosen_brain, settings.chosen_voice) == (brain, voice)


@pytest.mark.parametrize(
    ("env", "chosen"),
    [
        ({}, "off"),
        ({"OPENAI_API_KEY": "k"}, "openai"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "off"),
        ({"OPENAI_API_KEY": "k", "PARLEY_TRANSCRIBE": "off"}, "off"),
        ({"OPENAI_API_KEY": "k", "PARLEY_VAD": "off"}, "off"),
        ({"PARLEY_TRANSCRIBE_API_KEY": "k"}, "openai"),
        ({"PARLEY_TRANSCRIBE_BASE_URL": "http://127.0.0.1:2/v1"}, "openai"),
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1", "PARLEY_TRANSCRIBE": "OpenAI"}, "openai"),
    ],
)
def test_sound_becomes_words_only_where_a_key_says_so(env, chosen):
    """Transcription is off without a key or an address of its own, and without voice activity."""
    assert read(**env).chosen_transcriber == chosen


def test_the_transcription_key_goes_to_its_own_server_only():
    """The language model's key serves the transcription at the same address, and never another one."""
    same = read(OPENAI_API_KEY="k", OPENAI_BASE_URL="https://a.example/v1")
    assert (same.transcribe_api_key, same.transcribe_base_url) == (SecretStr("k"), "https://a.example/v1")
    assert read(OPENAI_API_KEY="k", PARLEY_TRANSCRIBE_BASE_URL="https://b.example/v1").transcribe_api_key is None


def test_a_key_goes_to_its_own_server_only():
    """The language model's key serves the speech API at the same address, and never another one."""
    same = read(OPENAI_API_KEY="k", OPENAI_BASE_URL="https://a.example/v1")
    assert same.speech_api_key == SecretStr("k")
    assert same.speech_base_url == "https://a.example/v1"
    other = read(OPENAI_API_KEY="k", PARLEY_SPEECH_BASE_URL="https://b.example/v1")
    assert other.speech_api_key is None
    assert other.speech_base_url == "https://b.example/v1"


WRONG = {
    "PARLEY_PORT": "70000",
    "PARLEY_PUBLIC_URL": "http://plain-http.example",
    "PARLEY_SECRET": "too-short-one",
    "PARLEY_PASSWORD": "hunter2",
    "PARLEY_POLICY": "chatty-policy",
    "PARLEY_LANGUAGE": "klingon!",
    "PARLEY_TOKEN_TTL": "1.25",
    "PARLEY_TRANSCRIPT_URL": "ws://far-away.example/x",
    "PARLEY_MAX_SESSIONS": "0",
    "PARLEY_TRUST_LOOPBACK": "perhaps",
    "OPENAI_BASE_URL": "https://user:sesame@a.example",
    "PARLEY_NGROK_API": "ftp://odd.example",
}


def test_every_wrong_setting_is_named_with_its_reason_and_without_its_value():
    """All wrong settings are listed at once, by the names the operator wrote, and no value is repeated
    anywhere."""
    with pytest.raises(SettingsError) as refused:
        read(**WRONG)
    text = str(refused.value)
    for name in WRONG:
        assert re.search(rf"^  {name}: \w+", text, re.MULTILINE), name
    shown = "".join(traceback.format_exception(refused.value))
    for value in WRONG.values():
        if not value.isdigit():
            assert value not in shown
    assert "sesame" not in shown


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/path",
        "https://a.example?x",
        "https://a.example#x",
        "https://",
        "a.example",
        "https://a b.example",
        "https://a.example:99999",
        "https://[::1",
    ],
)
def test_public_addresses_that_are_none(url):
    """The public address is an https origin and nothing more."""
    with pytest.raises(SettingsError, match="PARLEY_PUBLIC_URL"):
        read(PARLEY_PUBLIC_URL=url)


def test_a_public_address_is_kept_in_one_form():
    """A closing slash and capital letters do not matter."""
    assert read(PARLEY_PUBLIC_URL="https://Agent.Example.com/").public_url == "https://agent.example.com"


def test_what_cannot_work_together_is_refused():
    """Asking for a provider without a way to reach it is refused at the start."""
    with pytest.raises(SettingsError, match="PARLEY_BRAIN=openai needs"):
        read(PARLEY_BRAIN="openai")
    with pytest.raises(SettingsError, match="PARLEY_VOICE=openai needs"):
        read(PARLEY_VOICE="openai")
    with pytest.raises(SettingsError, match="PARLEY_TRANSCRIBE=openai needs OPENAI_API_KEY"):
        read(PARLEY_TRANSCRIBE="openai")
    with pytest.raises(SettingsError, match="PARLEY_TRANSCRIBE=openai needs PARLEY_VAD"):
        read(PARLEY_TRANSCRIBE="openai", OPENAI_API_KEY="k", PARLEY_VAD="off")


@given(value=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=8, max_size=60))
def test_no_value_is_repeated_in_an_error(value):
    """Whatever is put where an address is wanted, the refusal does not quote it."""
    value = f"§{value}§"
    with pytest.raises(SettingsError) as refused:
        read(PARLEY_PUBLIC_URL=value, PARLEY_TRANSCRIPT_URL=value, PARLEY_POLICY=value)
    assert value not in "".join(traceback.format_exception(refused.value))


def test_secrets_do_not_show():
    """Neither printing settings nor dumping them shows a key, a password or the secret."""
    env = {
        "OPENAI_API_KEY": "sk-very-secret",
        "PARLEY_PASSWORD": "a-very-secret-password",
        "PARLEY_SECRET": "a-very-secret-secret",
        "PARLEY_SPEECH_API_KEY": "another-very-secret",
    }
    settings = read(**env)
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    for value in env.values():
        assert value not in shown
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-very-secret"


def test_unknown_names_are_told_with_the_nearest_real_one(caplog):
    """A mistyped name is ignored with a warning that suggests the right one and does not show the value."""
    read(PARLEY_PROT="9000", PARLEY_PASWORD="secret-value", PARLEY_XYZZY="1", PARLEY_REAL_DATA="/x")
    assert "PARLEY_PROT is ignored; did you mean PARLEY_PORT?" in caplog.text
    assert "PARLEY_PASWORD is ignored; did you mean PARLEY_PASSWORD?" in caplog.text
    assert "PARLEY_XYZZY is ignored" in caplog.text
    assert "secret-value" not in caplog.text
    assert "REAL_DATA" not in caplog.text
    assert unknown_names(["PATH", "OPENAI_API_KEY", "parley_name"]) == []


# ---------------------------------------------------------------- the document


def rows() -> dict[str, list[str]]:
    """The rows of the tables in docs/settings.md by the first name in them."""
    lines = (ROOT / "docs" / "settings.md").read_text().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")]
    return {re.findall(r"`(\w+)`", row[0])[0]: row for row in cells if len(row) == 4}


def test_every_setting_is_documented():
    """docs/settings.md has a row for every setting, and none for a setting that does not exist."""
    documented = {name for row in rows().values() for name in re.findall(r"`(\w+)`", row[0])}
    assert documented == {name for field in Settings.model_fields for name in env_names(field)}


def test_the_document_gives_each_default_and_reason():
    """Each row repeats the field's own description, and its default when it has one."""
    table = rows()
    for name, field in Settings.model_fields.items():
        row = table[env_names(name)[0]]
        assert field.description is not None
        assert row[3].strip("| ") == field.description, name
        shown = row[1].strip("`")
        match field.default:
            case SecretStr() | None | "" | ():
                assert shown == "empty"
            case bool(value):
                assert shown == str(value).lower()
            case int(value) | float(value):
                assert float(shown) == value
            case str(value):
                assert shown == value
            case Path() as value:
                assert shown == str(value) or name == "tape"


def test_the_example_names_real_settings():
    """Every name in .env.example is a setting."""
    text = (ROOT / ".env.example").read_text()
    names = re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)
    known = {name for field in Settings.model_fields for name in env_names(field)}
    assert names
    assert set(names) <= known
