"""Who is looking at a ticket just now, and who is writing in it. In Redis alone, and gone within PRESENT_SECONDS.

With Redis down nobody is shown and nothing here raises.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from redis import Redis

from accounts.models import User
from triage.services.gateway.fleet.connection import get_redis
from triage.services.gateway.fleet.outage import Outage

PRESENT_SECONDS = 30
# By Redis's own clock, as web processes may not agree on theirs. Whoever has not been heard of is left out, and cleared away
# by the next who comes.
NOTE = """
local now = tonumber(redis.call('TIME')[1])
local found = redis.call('HGETALL', KEYS[1])
for i = 1, #found, 2 do
    if cjson.decode(found[i + 1]).until_second <= now then redis.call('HDEL', KEYS[1], found[i]) end
end
local viewer = cjson.decode(ARGV[2])
viewer.until_second = now + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(viewer))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return redis.call('HGETALL', KEYS[1])
"""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is there. `initials` are one or two letters."""

    user_id: int
    name: str
    initials: str
    is_typing: bool


def note_presence(ticket_id: int, *, by: User, is_typing: bool = False) -> tuple[Viewer, ...]:
    """Note that `by` is there for PRESENT_SECONDS from now. The others who are there, by name."""

    def noting(redis: Redis) -> list[bytes]:
        viewer = json.dumps({"name": str(by), "is_typing": is_typing})
        found: list[bytes] = redis.eval(NOTE, 1, _key_of(ticket_id), by.pk, viewer, PRESENT_SECONDS)
        return found

    nobody: list[bytes] = []
    found = _ask(noting, otherwise=nobody)
    return _viewers(dict(zip(found[::2], found[1::2], strict=True)), at=0, besides=by.pk)


def leave(ticket_id: int, *, by: User) -> None:
    """Note that `by` is there no longer."""
    _ask(lambda redis: redis.hdel(_key_of(ticket_id), str(by.pk)), otherwise=0)


def viewers_of(ticket_ids: Iterable[int]) -> dict[int, tuple[Viewer, ...]]:
    """Who is at each of the tickets, by name, in one round trip; tickets with nobody are left out."""
    ids = list(dict.fromkeys(ticket_ids))

    def looking(redis: Redis) -> list[Any]:
        pipeline = redis.pipeline(transaction=False)
        pipeline.time()
        for ticket_id in ids:
            pipeline.hgetall(_key_of(ticket_id))
        return pipeline.execute()

    nothing: list[Any] = [(0, 0)]
    (second, _), *rows = _ask(looking, otherwise=nothing) if ids else nothing
    found = {number: _viewers(row, at=second) for number, row in zip(ids, rows, strict=False)}
    return {number: viewers for number, viewers in found.items() if viewers}


def _viewers(row: dict[bytes, bytes], *, at: int, besides: int = 0) -> tuple[Viewer, ...]:
    """Those of a ticket's hash who are there at this second."""
    there = {int(user_id): json.loads(said) for user_id, said in row.items()}
    viewers = [
        Viewer(user_id, said["name"], initials_of(said["name"]), said["is_typing"])
        for user_id, said in there.items()
        if user_id != besides and said["until_second"] > at
    ]
    return tuple(sorted(viewers, key=lambda viewer: (viewer.name, viewer.user_id)))


def initials_of(name: str) -> str:
    """ "JD" for "Jo Anne Diaz", "A" for "alice@example.com"."""
    words = name.partition("@")[0].split() or ["?"]
    first, *others = (word[0].upper() for word in (words[0], *words[1:][-1:]))
    return "".join([first, *others])


def _key_of(ticket_id: int) -> str:
    return f"triage:presence:{ticket_id}"


def _ask(question: Callable[[Redis], T], *, otherwise: T) -> T:
    """Redis's answer, or `otherwise` while it is down; then one caller a second finds out whether it still is."""
    return _outage.ask(lambda: question(get_redis()), otherwise=otherwise)


_outage = Outage("nobody is shown as looking at a ticket")
