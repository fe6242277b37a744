"""Attempts by the thousand are cut from a few hundred shapes: tokens, price and latency drawn once, priced by the gateway's own
card, and written as they stand in a COPY. All figures are simulated; what they cost is exact for the price that is stamped.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from random import Random
from typing import NamedTuple

from triage.models import Certainty
from triage.services.gateway.catalog import CATALOG, HAIKU, HAIKU_4_5, SONNET, SONNET_5
from triage.services.gateway.pricing import PriceCard, card_of
from triage.services.history.scene import Scene
from triage.types import Usage

POOL = 800
NULL = "\\N"
BYTES_PER_TOKEN = 4
DRAFT_PREFIX_TOKENS = 1_180
MAX_TOKENS = {True: 1_500, False: 800}  # of a draft, of an answer about labels
# Median milliseconds of an answer about labels; of a draft, and of its first token.
SORT_MS = {HAIKU: 780, HAIKU_4_5: 1_020, SONNET: 1_950, SONNET_5: 2_300}
DRAFT_MS = {HAIKU: 3_400, SONNET: 7_200, SONNET_5: 8_100}
FIRST_TOKEN_SHARE = 0.14


class Failure(NamedTuple):
    """One way to fail: its code, the HTTP status, and what is known of the bill."""

    error: str
    http_status: int | None
    certainty: Certainty
    median_ms: int
    leaves_model: bool = False


OVERLOADED = Failure("overloaded", 529, Certainty.NONE, 240)
RATE_LIMITED = Failure("rate_limited", 429, Certainty.NONE, 130)
REFUSALS = (
    *(OVERLOADED, RATE_LIMITED, RATE_LIMITED),
    Failure("upstream_error", 500, Certainty.NONE, 420),
)
FAILURES = (
    *REFUSALS * 4,
    Failure("connection_lost", None, Certainty.UNKNOWN, 4_200),
    Failure("timeout", None, Certainty.UNKNOWN, 10_000, leaves_model=True),
)
CUT_STREAM = Failure("unexpected_close", 200, Certainty.LOWER_BOUND, 5_200)


class Kind(NamedTuple):
    """What shapes have in common. `is_warm` reads the shared prefix from the cache, otherwise it is written."""

    model: str
    is_draft: bool = False
    chapter: int = 0
    is_warm: bool = True
    is_batch: bool = False
    stop_reason: str = "end_turn"
    failure: Failure | None = None


class Shape(NamedTuple):
    """An attempt without its ids and times: its columns for COPY, from `model` on."""

    text: str
    cost_nanousd: int
    latency_ms: int


class Shapes:
    """The pools of a scene; the same ones for the same seed."""

    def __init__(self, scene: Scene, draw: Random) -> None:
        self._scene = scene
        self._random = draw.random
        self._pools: dict[Kind, Sequence[Shape]] = {}

    def one(self, kind: Kind) -> Shape:
        pool = self._pools.get(kind)
        if pool is None:
            pool = self._pools[kind] = self._pool(kind)
        return pool[int(self._random() * POOL)]

    def _pool(self, kind: Kind) -> Sequence[Shape]:
        chapter = self._scene.chapters[kind.chapter]
        prefix = DRAFT_PREFIX_TOKENS if kind.is_draft else chapter.prefix_tokens
        return _pool(self._scene.seed, kind, prefix)


@lru_cache(maxsize=512)
def _pool(seed: str, kind: Kind, prefix_tokens: int) -> Sequence[Shape]:
    """Drawn once a process: days share them."""
    draw = Random(f"{seed}/{kind}")
    return [_Drawn(kind, prefix_tokens, draw).shape for _ in range(POOL)]


class _Drawn:
    """One shape in the making."""

    def __init__(self, kind: Kind, prefix_tokens: int, draw: Random) -> None:
        self.kind, self.prefix, self.draw = kind, prefix_tokens, draw
        self.own = round(draw.lognormvariate(7.2 if kind.is_draft else 5.4, 0.45))
        self.output = round(draw.lognormvariate(5.5 if kind.is_draft else 4.5, 0.3))

    @property
    def shape(self) -> Shape:
        kind = self.kind
        usage, bound = self.usage, self.bound_nanousd
        cost = self.card.cost_nanousd(usage)
        certainty = kind.failure.certainty if kind.failure else Certainty.KNOWN
        if certainty in (Certainty.UNKNOWN, Certainty.NONE):
            usage, cost = Usage(), bound if certainty == Certainty.UNKNOWN else 0
        latency = 0 if kind.is_batch else self.latency_ms
        columns = (
            *(kind.model, certainty.value, bound, cost, self.card.stamp_json),
            *(usage.uncached_input_tokens, usage.cache_write_5m_tokens),
            *(usage.cache_write_1h_tokens, usage.cache_read_tokens, usage.output_tokens),
            *self.said,
            *("{}", "", latency, self.first_token_ms),
        )
        return Shape("\t".join(map(str, columns)), cost, latency)

    @cached_property
    def card(self) -> PriceCard:
        return card_of(self.kind.model, is_batch=self.kind.is_batch)

    @property
    def usage(self) -> Usage:
        output = self.output // 2 if self.kind.failure else self.output
        if self.prefix < CATALOG[self.kind.model].cache_floor_tokens:
            return Usage(uncached_input_tokens=self.prefix + self.own, output_tokens=output)
        read, written = (self.prefix, 0) if self.kind.is_warm else (0, self.prefix)
        return Usage(
            uncached_input_tokens=self.own,
            cache_write_5m_tokens=written,
            cache_read_tokens=read,
            output_tokens=output,
        )

    @property
    def bound_nanousd(self) -> int:
        size = BYTES_PER_TOKEN * (self.prefix + self.own)
        return self.card.bound_nanousd(
            request_bytes=size, max_tokens=MAX_TOKENS[self.kind.is_draft]
        )

    @cached_property
    def latency_ms(self) -> int:
        times = DRAFT_MS if self.kind.is_draft else SORT_MS
        median = self.kind.failure.median_ms if self.kind.failure else times[self.kind.model]
        return max(1, round(median * self.draw.lognormvariate(0, 0.38)))

    @property
    def first_token_ms(self) -> int | str:
        """Drafts alone are streamed."""
        is_streamed = self.kind.is_draft and self.kind.failure in (None, CUT_STREAM)
        return round(self.latency_ms * FIRST_TOKEN_SHARE) if is_streamed else NULL

    @property
    def said(self) -> tuple[int | str, ...]:
        """HTTP status, error, its text, stop reason."""
        failure = self.kind.failure
        if failure is None:
            status = NULL if self.kind.is_batch else 200
            return status, "", "", self.kind.stop_reason
        status = NULL if failure.http_status is None else failure.http_status
        return status, failure.error, f"Simulated: {failure.error}", ""
