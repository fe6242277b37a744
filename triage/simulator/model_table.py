"""The models of the public documentation as of 2026-11-21.

Release days are known for few models; the others carry the first day of their generation, which
nothing but the model list shows.
"""

from dataclasses import replace

from triage.simulator import pricing
from triage.simulator.models import EFFORTS, Abilities, Catalogue, Line, Model, Thinking, day
from triage.simulator.pricing import Tariff

LIGHT = ("low", "medium", "high")
ADAPTIVE, ENABLED = Thinking.ADAPTIVE, Thinking.ENABLED
DISABLED, BETWEEN_TOOLS = Thinking.DISABLED, Thinking.BETWEEN_TOOLS

_GENERATION_5 = Abilities(
    context_tokens=1_000_000,
    max_output_tokens=128_000,
    cache_floor_tokens=512,
    is_new_tokenizer=True,
    thinking=frozenset({ADAPTIVE, DISABLED}),
    thinks_by_default=True,
    efforts=EFFORTS,
    effort_default="high",
    takes_forced_tools=True,
    takes_prefill=False,
)
HAIKU_5_5 = replace(_GENERATION_5, effort_default="medium", light_efforts=LIGHT)
SONNET_5_5 = replace(
    _GENERATION_5,
    thinking=frozenset({ADAPTIVE, BETWEEN_TOOLS}),
    takes_forced_tools=False,
    light_efforts=LIGHT,
)
OPUS_5_5 = replace(
    _GENERATION_5,
    thinking=frozenset({ADAPTIVE}),
    effort_default="medium",
    takes_forced_tools=False,
)
SONNET_5 = replace(_GENERATION_5, cache_floor_tokens=1_024)
OPUS_4_8 = replace(_GENERATION_5, thinks_by_default=False, cache_floor_tokens=1_024)
OPUS_4_7 = replace(OPUS_4_8, cache_floor_tokens=2_048)
SONNET_4_6 = replace(
    OPUS_4_8,
    is_new_tokenizer=False,
    thinking=frozenset({ADAPTIVE, ENABLED, DISABLED}),
    efforts=("low", "medium", "high", "max"),
)
OPUS_4_6 = replace(SONNET_4_6, cache_floor_tokens=4_096)
GENERATION_4_5 = replace(
    SONNET_4_6,
    context_tokens=200_000,
    max_output_tokens=64_000,
    thinking=frozenset({ENABLED, DISABLED}),
    efforts=(),
    takes_prefill=True,
)
HAIKU_4_5 = replace(GENERATION_4_5, cache_floor_tokens=4_096)
OPUS_4_5 = replace(HAIKU_4_5, efforts=LIGHT)


def _served(
    model_id: str,
    name: str,
    line: Line,
    released: str,
    abilities: Abilities,
    tariff: Tariff,
) -> Model:
    return Model(model_id, name, line, day(released), abilities=abilities, tariff=tariff)


def _retired(model_id: str, name: str, line: Line, retired: str, *aliases: str) -> Model:
    """A model that answers 404; its release day is given as unknown (the epoch)."""
    gone = day(retired)
    return Model(
        model_id, name, line, day("1970-01-01"), aliases, deprecated_at=gone, retires_at=gone
    )


SERVED = (
    _served(
        "claude-haiku-5-5", "Claude Haiku 5.5", Line.HAIKU, "2026-10-07", HAIKU_5_5,
        pricing.HAIKU_5_5,
    ),
    _served(
        "claude-sonnet-5-5", "Claude Sonnet 5.5", Line.SONNET, "2026-09-28", SONNET_5_5,
        pricing.SONNET_5_5,
    ),
    _served(
        "claude-opus-5-5", "Claude Opus 5.5", Line.OPUS, "2026-09-22", OPUS_5_5, pricing.OPUS_5_5
    ),
    _served(
        "claude-fable-5-2", "Claude Fable 5.2", Line.FABLE, "2026-11-09", OPUS_5_5,
        pricing.FABLE_5_2,
    ),
    _served(
        "claude-sonnet-5", "Claude Sonnet 5", Line.SONNET, "2026-06-30", SONNET_5, pricing.SONNET_5
    ),
    _served(
        "claude-opus-5", "Claude Opus 5", Line.OPUS, "2026-07-24", _GENERATION_5, pricing.OPUS_5
    ),
    _served(
        "claude-opus-4-8", "Claude Opus 4.8", Line.OPUS, "2026-05-28", OPUS_4_8, pricing.OPUS_5
    ),
    _served(
        "claude-opus-4-7", "Claude Opus 4.7", Line.OPUS, "2026-04-16", OPUS_4_7, pricing.OPUS_5
    ),
    _served(
        "claude-opus-4-6", "Claude Opus 4.6", Line.OPUS, "2026-02-05", OPUS_4_6, pricing.OPUS_5
    ),
    _served(
        "claude-sonnet-4-6", "Claude Sonnet 4.6", Line.SONNET, "2026-02-17", SONNET_4_6,
        pricing.SONNET_4,
    ),
    replace(
        _served(
            "claude-haiku-4-5-20251001", "Claude Haiku 4.5", Line.HAIKU, "2025-10-01", HAIKU_4_5,
            pricing.HAIKU_4_5,
        ),
        aliases=("claude-haiku-4-5",),
    ),
    replace(
        _served(
            "claude-opus-4-5-20251101", "Claude Opus 4.5", Line.OPUS, "2025-11-01", OPUS_4_5,
            pricing.OPUS_5,
        ),
        aliases=("claude-opus-4-5",),
    ),
    replace(
        _served(
            "claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", Line.SONNET, "2025-09-29",
            GENERATION_4_5, pricing.SONNET_4,
        ),
        aliases=("claude-sonnet-4-5",),
        deprecated_at=day("2026-09-30"),
        retires_at=day("2026-11-30"),
    ),
)  # fmt: skip

RETIRED = (
    _retired(
        "claude-sonnet-4-20250514", "Claude Sonnet 4", Line.SONNET, "2026-06-15",
        "claude-sonnet-4-0",
    ),
    _retired("claude-opus-4-20250514", "Claude Opus 4", Line.OPUS, "2026-06-15", "claude-opus-4-0"),
    _retired("claude-opus-4-1-20250805", "Claude Opus 4.1", Line.OPUS, "2026-08-05"),
    _retired("claude-3-haiku-20240307", "Claude Haiku 3", Line.HAIKU, "2026-04-20"),
    _retired(
        "claude-3-7-sonnet-20250219", "Claude Sonnet 3.7", Line.SONNET, "2026-02-19",
        "claude-3-7-sonnet-latest",
    ),
    _retired(
        "claude-3-5-haiku-20241022", "Claude Haiku 3.5", Line.HAIKU, "2026-02-19",
        "claude-3-5-haiku-latest",
    ),
    _retired("claude-3-opus-20240229", "Claude Opus 3", Line.OPUS, "2026-01-05"),
    _retired("claude-3-5-sonnet-20241022", "Claude Sonnet 3.5 v2", Line.SONNET, "2025-10-28"),
    _retired("claude-3-5-sonnet-20240620", "Claude Sonnet 3.5", Line.SONNET, "2025-10-28"),
)  # fmt: skip

CATALOGUE = Catalogue(SERVED + RETIRED)
