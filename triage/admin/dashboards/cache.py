"""Is the prompt cache earning, and why does it miss."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib.humanize.templatetags.humanize import ordinal

from triage.admin.dashboards.base import Dashboard
from triage.admin.dashboards.cache_line import line_of
from triage.admin.formats import NOTHING, count, dollars, share
from triage.admin.tiles import Tile
from triage.models import Feature
from triage.selectors import prices
from triage.selectors.reports.cache_cells import CacheUse, Group, by_day, by_group, total
from triage.selectors.reports.cache_words import break_even, calls_to_pay, find_warning
from triage.selectors.tables import Asked, Filter
from triage.services.gateway.catalog import name_of
from triage.types import Rates


class CachePage(Dashboard):
    title = "Cache health"
    template_name = "admin/dashboards/cache.html"
    tables = ("cache-by-model", "cache-misses", "cache-by-day")
    filters = frozenset({Filter.FEATURE, Filter.MODEL})

    def figures(self, asked: Asked) -> dict[str, Any]:
        uses = by_group(asked)
        whole = total(uses.values())
        return {
            "is_empty": not whole.requests,
            "tiles": tiles(whole),
            "warnings": warnings(uses),
            "line": line_of(asked.period, by_day(asked)),
            "pays": pays(asked, {model for _, model in uses}),
        }


def warnings(uses: Mapping[Group, CacheUse]) -> list[str]:
    """One sentence at most for each feature on each model."""
    found = (
        find_warning(use, feature=Feature(feature).label, model=name_of(model))
        for (feature, model), use in sorted(uses.items())
    )
    return [sentence for sentence in found if sentence]


def tiles(use: CacheUse) -> list[Tile]:
    cacheable = use.read_tokens + use.written_tokens + use.uncacheable_tokens
    saved = use.saved_nanousd
    ratio = use.writes_per_read
    return [
        Tile(
            "Hit rate",
            share(use.read_tokens, cacheable),
            f"{count(use.read_tokens)} of {count(cacheable)} cacheable tokens were read",
        ),
        Tile(
            "Won" if saved >= 0 else "Lost",
            dollars(abs(saved)),
            "against the same tokens without the cache, writing paid for",
        ),
        Tile("Requests that hit", share(use.hits, use.requests), f"of {count(use.requests)}"),
        Tile(
            "Written per token read",
            NOTHING if ratio is None else f"{ratio:,.2f}",
            f"{count(use.written_tokens)} tokens written",
        ),
    ]


def pays(asked: Asked, models: set[str]) -> list[str]:
    """From when the cache pays, a sentence a model; batches, whose prices are half in all classes, need no other."""
    known = {model: rates for (_, model), rates in prices.stamped(asked.period).items()}
    return [_pays(name_of(model), known[model]) for model in sorted(models & known.keys())]


def _pays(name: str, rates: Rates) -> str:
    return (
        f"{name}: reading costs {_times(rates.cache_read, rates)} the price of plain input. Writing for 5 minutes costs "
        f"{_least(rates.cache_write_5m, rates)}; writing for an hour {_least(rates.cache_write_1h, rates)}."
    )


def _least(write_usd_per_mtok: Decimal, rates: Rates) -> str:
    hits = break_even(write_usd_per_mtok, rates)
    calls = ordinal(calls_to_pay(write_usd_per_mtok, rates))
    return f"{_times(write_usd_per_mtok, rates)} and pays above {100 * hits:.1f} % hits, from the {calls} call on"


def _times(usd_per_mtok: Decimal, rates: Rates) -> str:
    return f"{usd_per_mtok / rates.uncached_input:.2f} times"
