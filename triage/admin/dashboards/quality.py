"""Is it any good: what people made of the decisions."""

from typing import Any

from triage.admin.dashboards.base import Dashboard
from triage.admin.dashboards.reliability import reliability
from triage.admin.formats import NOTHING, count, dollars, share
from triage.admin.tiles import Tile
from triage.selectors.quality import Sums, sums_by, total
from triage.selectors.tables import Asked, Filter


class QualityPage(Dashboard):
    title = "Quality"
    template_name = "admin/dashboards/quality.html"
    filters = frozenset({Filter.TEAM})
    tables = (
        "quality-by-label",
        "quality-by-stage",
        "quality-escalation",
        "quality-calibration",
        "quality-confusions",
        "quality-by-day",
    )

    def figures(self, asked: Asked) -> dict[str, Any]:
        bands = sums_by("band", asked)
        whole = total(bands.values())
        return {
            "whole": whole,
            "tiles": [_accuracy(whole), _coverage(whole), _escalation(whole), _worth(whole)],
            "picture": reliability(bands),
        }


def _accuracy(whole: Sums) -> Tile:
    interval = whole.accuracy.interval
    if interval is None:
        return Tile("Accuracy of the judged", NOTHING, "nobody has judged a label yet")
    reach = f"between {100 * interval.low:.1f} and {100 * interval.high:.1f} %"
    note = f"{count(whole.right)} of {count(whole.judged)} judged labels were right; {reach}"
    return Tile("Accuracy of the judged", share(whole.right, whole.judged), note)


def _coverage(whole: Sums) -> Tile:
    note = f"{count(whole.applied)} of {count(whole.runs)} runs had their label applied"
    return Tile("Coverage", share(whole.applied, whole.runs), note)


def _escalation(whole: Sums) -> Tile:
    note = f"{count(whole.escalated)} of {count(whole.runs)} runs went to the strong model"
    return Tile("Escalated", share(whole.escalated, whole.runs), note)


def _worth(whole: Sums) -> Tile:
    cost = whole.changed_right_nanousd
    value = NOTHING if cost is None else dollars(cost)
    note = (
        f"what escalating cost for each label that it changed rightly; people agreed with"
        f" {count(whole.changed_right)} of {count(whole.changed_judged)} judged changes"
    )
    return Tile("Per changed and right", value, note)
