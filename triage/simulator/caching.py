"""Prompt caching: which input tokens are written, read or plain.

Kept per organisation (API key), model, prefix and TTL. A prefix is the bytes of all blocks up to
a breakpoint, together with what invalidates it: the output format and the thinking setting for
everything; effort and tool choice for what stands in the messages. Prefixes below the model's
floor are silently not cached. Differences from the hosted API: schema tokens are never cached.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from triage.simulator import tokens
from triage.simulator.models import ServedModel
from triage.simulator.pricing import Tokens
from triage.simulator.prompt import Block, Section, prompt_blocks
from triage.simulator.wire import JsonObject

TTL_SECONDS = {"5m": 300.0, "1h": 3_600.0}
LOOKBACK_BLOCKS = 20
SWEEP_ABOVE = 10_000  # entries; expired ones are dropped when a write finds more

Key = tuple[str, str, str, bytes]  # organisation, model, TTL, digest of the prefix


@dataclass(frozen=True, slots=True)
class Prefix:
    """The prompt up to and including one block."""

    digest: bytes
    tokens: int
    ttl: str | None


@dataclass(frozen=True, slots=True)
class CachePlan:
    """What one request reads and writes; `keys` live from its start, once its answer begins."""

    tokens: Tokens
    keys: tuple[Key, ...]
    started_at: float


@dataclass(slots=True)
class PromptCache:
    """The entries that can be read, each with the Unix time it expires at."""

    _expires_at: dict[Key, float] = field(default_factory=dict)

    def plan(self, body: JsonObject, *, model: ServedModel, key: str, now: float) -> CachePlan:
        """How the input of a request that starts at `now` divides into billing classes."""
        prefixes = list(_prefixes(body, model))
        marks = [
            n
            for n, prefix in enumerate(prefixes)
            if prefix.ttl and prefix.tokens >= model.abilities.cache_floor_tokens
        ]
        keys = {n: (key, model.id, prefixes[n].ttl or "", prefixes[n].digest) for n in marks}
        hit = self._find_hit(prefixes, keys, now)
        written = [n for n in marks if hit is None or n > hit[0]]
        alive = [k for k in keys.values() if self._is_readable(k, now)]
        read = [hit[1]] if hit else []
        total = tokens.of_frame(body, model) + (prefixes[-1].tokens if prefixes else 0)
        return CachePlan(
            tokens=_divide(prefixes, hit[0] if hit else None, written, total),
            keys=tuple({*alive, *read, *(keys[n] for n in written)}),
            started_at=now,
        )

    def begin(self, plan: CachePlan) -> None:
        """The answer begins: what it wrote becomes readable, what it read lives on."""
        if len(self._expires_at) > SWEEP_ABOVE:
            self._sweep(plan.started_at)
        for key in plan.keys:
            expiry = plan.started_at + TTL_SECONDS[key[2]]
            self._expires_at[key] = max(expiry, self._expires_at.get(key, 0.0))

    def clear(self) -> None:
        """Forget every entry."""
        self._expires_at.clear()

    def _find_hit(
        self, prefixes: list[Prefix], marks: dict[int, Key], now: float
    ) -> tuple[int, Key] | None:
        """The longest readable prefix within the lookback of a breakpoint, and its key."""
        for mark, (owner, model, ttl, _) in reversed(marks.items()):
            for n in range(mark, max(mark - LOOKBACK_BLOCKS, -1), -1):
                key = (owner, model, ttl, prefixes[n].digest)
                if self._is_readable(key, now):
                    return n, key
        return None

    def _is_readable(self, key: Key, now: float) -> bool:
        return self._expires_at.get(key, 0.0) > now

    def _sweep(self, now: float) -> None:
        self._expires_at = {key: at for key, at in self._expires_at.items() if at > now}


def _prefixes(body: JsonObject, model: ServedModel) -> Iterator[Prefix]:
    config = body.get("output_config") or {}
    state = hashlib.blake2b(_salt(config.get("format"), body.get("thinking")), digest_size=16)
    salt = _salt(config.get("effort"), body.get("tool_choice"))
    total, is_salted = 0, False
    for block in prompt_blocks(body):
        if block.section is Section.MESSAGES and not is_salted:
            state.update(salt)
            is_salted = True
        state.update(_framed(block))
        total += tokens.of_block(block, model)
        yield Prefix(state.copy().digest(), total, block.ttl)


def _salt(*settings: object) -> bytes:
    return json.dumps(settings, ensure_ascii=False).encode()


def _framed(block: Block) -> bytes:
    return f"|{block.section}:{len(block.content)}|".encode() + block.content


def _divide(prefixes: list[Prefix], hit: int | None, written: list[int], total: int) -> Tokens:
    read = 0 if hit is None else prefixes[hit].tokens
    reached, writes = read, {"5m": 0, "1h": 0}
    for n in written:
        writes[prefixes[n].ttl or ""] += prefixes[n].tokens - reached
        reached = prefixes[n].tokens
    return Tokens(
        input=total - reached,
        cache_write_5m=writes["5m"],
        cache_write_1h=writes["1h"],
        cache_read=read,
    )
