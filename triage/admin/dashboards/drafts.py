"""Drafts that are being written now, and what became of the others."""

from datetime import UTC
from typing import Any

from triage.admin.dashboards.base import Dashboard
from triage.admin.dashboards.drafts_chart import stacked
from triage.admin.dashboards.live_cards import finished_line
from triage.admin.formats import count, dollars, each, share
from triage.admin.tiles import Tile
from triage.selectors.reports.drafts import label_names
from triage.selectors.reports.fates import Fate, Verdict, fates
from triage.selectors.reports.underway import FINISHED_AT_MOST, just_finished
from triage.selectors.tables import Asked, Filter

LINGER_SECONDS = 30.0  # that a draft which is over stays among those that are being written


class DraftsPage(Dashboard):
    title = "Drafts"
    template_name = "admin/dashboards/drafts.html"
    tables = ("drafts-by-label", "drafts-by-team", "drafts-by-user", "drafts-by-day")
    filters = frozenset({Filter.TEAM})

    def figures(self, asked: Asked) -> dict[str, Any]:
        by_day = fates(asked, by="starts_at")
        all_of_them = Fate.of(by_day.values())
        days = {at.astimezone(UTC).date(): fate for at, fate in by_day.items()}
        return {
            "fate": all_of_them,
            "tiles": tiles(all_of_them),
            "chart": stacked(asked.period, days),
            "off_for": off_for(asked),
            "finished": [finished_line(draft) for draft in just_finished()],
            "finished_at_most": FINISHED_AT_MOST,
            "linger_ms": round(LINGER_SECONDS * 1000),
        }


def tiles(fate: Fate) -> list[Tile]:
    unsent = fate.cost_nanousd - fate.sent_nanousd
    return [
        Tile(
            "Drafts", count(fate.drafts), f"{count(fate.undecided)} still wait or are being written"
        ),
        Tile(
            "Sent unchanged",
            share(fate.sent_unchanged, fate.decided),
            f"{count(fate.sent_unchanged)} of {count(fate.decided)} that were sent or discarded",
        ),
        Tile(
            "Per sent draft",
            each(fate.cost_nanousd, fate.sent),
            f"{dollars(fate.cost_nanousd)} in all, {count(fate.sent)} sent",
        ),
        Tile(
            "Wasted",
            share(fate.wasted, fate.over),
            f"{count(fate.wasted)} of {count(fate.over)} that are over; {dollars(unsent)} went into drafts not sent",
        ),
    ]


def off_for(asked: Asked) -> list[str]:
    """The labels for which drafting does not pay, by name."""
    found = fates(asked, by="label")
    slugs = [slug for slug, fate in found.items() if fate.verdict is Verdict.DOES_NOT]
    named = label_names(slugs)
    names = {slug: named[slug].name if slug in named else slug for slug in slugs}
    return sorted((names | {"": "tickets without a label"})[slug] for slug in slugs)
