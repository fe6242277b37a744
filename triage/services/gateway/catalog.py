"""The model table: what each model accepts, as far as shaping a request needs it.

Source: the Claude API's model pages, November 2026. A model that is not here cannot stand on a route.
"""

from dataclasses import dataclass, field
from typing import Any

HAIKU = "claude-haiku-5-5"
HAIKU_4_5 = "claude-haiku-4-5-20251001"
SONNET = "claude-sonnet-5-5"
SONNET_5 = "claude-sonnet-5"

DISABLED = {"type": "disabled"}


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model's rules. `thinking` and `effort` are what turns thinking off, or as low as it goes; None: leave out."""

    id: str
    name: str
    cache_floor_tokens: int  # a shorter prefix is silently not cached
    max_output_tokens: int
    thinking: dict[str, Any] | None = field(default=None, hash=False)
    effort: str | None = None


CATALOG = {
    card.id: card
    for card in (
        ModelCard(HAIKU, "Haiku 5.5", 512, 128_000, thinking=DISABLED, effort="low"),
        # Haiku 4.5 does not think unless asked, and refuses `effort`.
        ModelCard(HAIKU_4_5, "Haiku 4.5", 4_096, 64_000),
        # Sonnet 5.5 refuses `disabled`; `between_tools` means no thinking where there are no tools.
        ModelCard(
            SONNET, "Sonnet 5.5", 512, 128_000, thinking={"type": "between_tools"}, effort="low"
        ),
        ModelCard(SONNET_5, "Sonnet 5", 1_024, 128_000, thinking=DISABLED, effort="low"),
        ModelCard("claude-sonnet-4-6", "Sonnet 4.6", 1_024, 128_000, effort="low"),
        ModelCard("claude-opus-5-5", "Opus 5.5", 512, 128_000, effort="low"),
    )
}


def name_of(model: str) -> str:
    """A model's name for people; the id itself where we do not know it."""
    card = CATALOG.get(model)
    return card.name if card else model
