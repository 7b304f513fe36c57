"""The API of `bots_api.py` as an OpenAPI 3.1 document, made from the models that check the requests."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from server import __version__
from server.web.bots_api import VERBS, JoinBody

_STRING = {"type": "string"}
_ERROR = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {
        "code": {"type": "string", "description": "one word, or the host's own code"},
        "message": {"type": "string", "description": "what happened"},
        "advice": {"type": "string", "description": "what to do about it"},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}
_STEP = {
    "type": "object",
    "properties": {
        "at": {"type": "number", "description": "seconds since 1970"},
        "state": {"type": "string"},
        "words": {"type": "string"},
        "advice": {"type": "string"},
    },
}
_BOT = {
    "type": "object",
    "required": ["id", "host", "platform", "bot", "state", "over", "words", "advice", "steps"],
    "properties": {
        "id": {"type": "string", "description": "the session's id; every command takes it, and the host's id as well"},
        "host": {"type": "string"},
        "platform": {"type": "string"},
        "bot": {"type": "string", "description": "the host's id, empty until there is one"},
        "name": {"type": "string", "description": "the bot's name in the meeting"},
        "since": {"type": "number", "description": "seconds since 1970"},
        "screen": {"type": "boolean", "description": "the page is shown as a shared screen"},
        "state": {
            "type": "string",
            "enum": ["joining", "waiting", "in-call", "live", "leaving", "done", "failed"],
        },
        "over": {"type": "boolean"},
        "words": {"type": "string", "description": "what is happening, in words"},
        "advice": {"type": "string", "description": "what to do about it, or empty"},
        "agent": {
            "type": "string",
            "description": "what the agent does: listening, thinking, speaking, muted, trouble",
        },
        "page": {"type": "boolean", "description": "the agent's page, or its voice on a socket, is connected"},
        "people": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "name": {"type": "string"},
                    "host": {"type": "boolean"},
                    "bot": {"type": "boolean"},
                },
            },
        },
        "pictures": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "person": {"type": "string"},
                    "source": {"type": "string", "enum": ["webcam", "screenshare", "stage"]},
                    "age": {"type": "number", "description": "seconds"},
                    "live": {"type": "boolean"},
                },
            },
        },
        "connected": {"type": "array", "items": {"type": "string"}, "description": "channels of the host"},
        "recording": {"type": ["object", "null"]},
        "odd": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "dropped, by kind"},
        "steps": {"type": "array", "items": _STEP},
    },
}


def document() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, Any] = {
        "/api/bots": {
            "get": _operation("listBots", "Every bot, the newest first, and the hosts set up.", _json(_list())),
            "post": _operation("joinMeeting", JoinBody.__doc__ or "", _json(_ref("Bot")), body=JoinBody, status="201"),
        },
        "/api/bots/{id}": {
            "parameters": [_parameter("id")],
            "get": _operation("getBot", "One bot.", _json(_ref("Bot"))),
        },
        "/api/bots/{id}/picture": {
            "parameters": [_parameter("id"), _parameter("person", "query"), _parameter("source", "query")],
            "get": _operation("getPicture", "The newest picture of somebody.", _jpeg()),
        },
        "/api/bots/{id}/sheet": {
            "parameters": [_parameter("id")],
            "get": _operation("getSheet", "Everybody's newest picture on one sheet.", _jpeg()),
        },
        "/api/sessions": {
            "get": _operation("listSessions", "The sessions that are open.", _json({"type": "object"})),
            "post": _operation(
                "makeSession", "A session and the address of its page, for a bot made by hand.",
                _json({"type": "object", "properties": {"session": _STRING, "page_url": _STRING}}),
                status="201",
            ),
        },
        "/api/openapi.json": {
            "get": _operation("describe", "This document.", _json({"type": "object"})),
        },
    }  # fmt: skip
    for verb, (model, what) in VERBS.items():
        paths[f"/api/bots/{{id}}/{verb}"] = {
            "parameters": [_parameter("id")],
            "post": _operation(f"{verb}Bot", what, _json(_ref("Bot")), body=model),
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley",
            "version": __version__,
            "description": "Send the agent into meetings and steer it. Open to this machine; from elsewhere log in at "
            "`/login` and send the cookie.",
        },
        "paths": paths,
        "components": {"schemas": {"Bot": _BOT, "Error": _ERROR}},
    }


def _operation(
    name: str, what: str, content: dict[str, Any], *, body: type[BaseModel] | None = None, status: str = "200"
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": what,
        "responses": {
            status: {"description": what, "content": content},
            "4XX": {"description": "It cannot be done; `advice` says what to do.", "content": _json(_ref("Error"))},
            "5XX": {"description": "The host refused or failed.", "content": _json(_ref("Error"))},
        },
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _json(_plain(body.model_json_schema()))}
    return operation


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """pydantic's schema without its titles."""
    return {key: _plain(value) if isinstance(value, dict) else value for key, value in schema.items() if key != "title"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _jpeg() -> dict[str, Any]:
    return {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _list() -> dict[str, Any]:
    host = {"type": "object", "properties": {"name": _STRING, "title": _STRING, "shows_page": {"type": "boolean"}}}
    return {
        "type": "object",
        "properties": {
            "bots": {"type": "array", "items": _ref("Bot")},
            "hosts": {"type": "array", "items": host},
            "reachable": {"type": "boolean", "description": "a bot can reach this machine"},
        },
    }


def _parameter(name: str, where: str = "path") -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}
