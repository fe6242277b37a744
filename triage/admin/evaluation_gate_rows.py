"""What the gate's pages show: each label with its volume, what is proven for it, and what may be done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum

from triage.admin.formats import count
from triage.exceptions import NoTaxonomy
from triage.models import Grain, TriageCell
from triage.selectors import labels
from triage.services.evaluation import automation, gate
from triage.services.evaluation.gate import Row, Standing

DAYS = 30
HARMLESS = frozenset({"auto_apply", "threshold", "team"})  # changes that leave the prompt as it is
WORDS: Mapping[Standing, str] = {
    Standing.OFF: "Off",
    Standing.PROVEN: "On, proven",
    Standing.OUTDATED: "On, no longer proven",
    Standing.OVERRIDDEN: "On, overridden",
}


@dataclass(frozen=True, slots=True)
class GateRow:
    """One label as the page shows it. `may_switch_on`: a proof holds that it does not stand on yet."""

    row: Row
    volume: str
    state: str
    may_switch_on: bool


def state_of_gate() -> dict[str, Any]:
    """The context of the pages; without rows before the first taxonomy."""
    changes = labels.changes()
    harmful = bool(changes.added or changes.removed) or any(
        set(each.fields) - HARMLESS for each in changes.changed
    )
    try:
        rows = _rows(gate.review())
    except NoTaxonomy:
        rows = []
    return {
        "rows": rows,
        "waits": sum(each.may_switch_on for each in rows),
        "days": DAYS,
        "changes": changes,
        "has_harmful_changes": bool(changes.newest) and harmful,
        "is_local_on": automation.current().is_local_on,
        "is_simulated": settings.TRIAGE_SIMULATOR,
    }


def _rows(reviewed: Sequence[Row]) -> list[GateRow]:
    """The most frequent labels first."""
    seen = volumes()
    ranked = sorted(reviewed, key=lambda row: (-seen.get(row.label.slug, 0), row.label.slug))
    return [
        GateRow(
            row=row,
            volume=count(seen.get(row.label.slug, 0)),
            state=WORDS[row.standing],
            may_switch_on=row.proof is not None and row.standing is not Standing.PROVEN,
        )
        for row in ranked
    ]


def volumes(*, now: datetime | None = None) -> dict[str, int]:
    """Runs of the last DAYS days by the label that was decided, from the sums of whole days (UTC)."""
    since = (now or datetime.now(UTC)) - timedelta(days=DAYS)
    cells = TriageCell.objects.filter(grain=Grain.DAY, starts_at__gte=since)
    return dict(cells.order_by().values_list("label").annotate(Sum("runs")))
