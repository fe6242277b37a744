"""Runs the Lua scripts beside this file: each is one round trip and atomic, so the fleet sees one order of events.

A script takes one JSON object and answers one. `model.lua`, what they share, stands before each.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from redis.commands.core import Script

from triage.services.gateway.fleet.connection import get_redis
from triage.services.gateway.fleet.limits import limits_for
from triage.services.gateway.fleet.outage import REDIS_ERRORS, Outage

FOLDER = Path(__file__).parent
PREFIX = "triage:fleet"

outage = Outage("models are asked without the fleet's pace and breaker")


def run(name: str, model: str, **asked: Any) -> dict[str, Any] | None:
    """What the script `name` answers for `model`; None where Redis is down."""
    if not outage.may_try():
        return None
    try:
        answer = _call(name, model, {**limits_for(model), **asked})
    except REDIS_ERRORS as error:
        outage.begins(error)
        return None
    outage.ends()
    said: dict[str, Any] = json.loads(answer)
    return said


def _call(name: str, model: str, asked: dict[str, Any]) -> bytes:
    # The braces keep a model's keys on one node of a cluster.
    keys = [f"{PREFIX}:{{{model}}}:{part}" for part in ("state", "queue", "due")]
    answer: bytes = _script(name)(keys=keys, args=[json.dumps(asked)], client=get_redis())
    return answer


@cache
def _script(name: str) -> Script:
    text = "\n".join((FOLDER / f"{part}.lua").read_text() for part in ("model", name))
    return Script(get_redis(), text)
