"""The money that is held now, and the calls that a limit of this installation stopped."""

from django.db.models import Max, Min, Sum

from triage.models import Attempt, Call, Certainty, Subject, Tally
from triage.models.ledger import REFUSED
from triage.selectors.reports.tallies import of_days
from triage.selectors.tables import About, Asked, Column, Filter, Kind, Report, Table

ROWS_AT_MOST = 100
BOTH = frozenset({Filter.FEATURE, Filter.MODEL})
WHY = {
    "budget_exceeded": "A budget had no room",
    "cost_cap": "Its tries together would have cost more than its route allows",
    "rate_exceeded": "Too many calls within a minute",
}
HOLD_FIELDS = (
    "call_id",
    "call__feature",
    "model",
    "call__by__email",
    "bound_nanousd",
    "opened_at",
    "lease_until",
)
HOLD_COLUMNS = (
    Column("feature", "Feature", Kind.FEATURE),
    Column("model", "Model", Kind.MODEL),
    Column("by", "By"),
    Column("held", "Held", Kind.MONEY, "The most it can cost."),
    Column("since", "Since (UTC)", Kind.MOMENT),
    Column("lease_ends_at", "Lease ends (UTC)", Kind.MOMENT),
)
REFUSED_FIELDS = (
    "pk",
    "created_at",
    "by__email",
    "feature",
    "error",
    "model_asked",
    "about_kind",
    "about_id",
    "cost_nanousd",
)
REFUSED_COLUMNS = (
    Column("at", "When (UTC)", Kind.MOMENT),
    Column("by", "Who"),
    Column("feature", "Feature", Kind.FEATURE),
    Column("error", "Limit"),
    Column("why", "Why"),
    Column("model", "Model asked", Kind.MODEL),
    Column("about", "About"),
    Column("cost", "Cost before", Kind.MONEY, "What its requests had cost by then."),
)
REFUSAL_COLUMNS = (
    Column("feature", "Feature", Kind.FEATURE),
    Column("error", "Limit"),
    Column("why", "Why"),
    Column("calls", "Calls", Kind.COUNT),
    Column("first_at", "First (UTC)", Kind.MOMENT),
    Column("last_at", "Last (UTC)", Kind.MOMENT),
)


def holds(asked: Asked) -> Table:
    """Attempts under way, those whose lease ends first, in one query through their index."""
    under_way = Attempt.objects.filter(certainty=Certainty.OPEN).order_by("lease_until")
    rows = list(under_way.values_list(*HOLD_FIELDS)[:ROWS_AT_MOST])
    return Table(
        columns=HOLD_COLUMNS,
        rows=tuple(row[1:] for row in rows),
        abouts=tuple(About("admin:triage_call_change", (row[0],)) for row in rows),
        note="Requests that are under way now hold the most they can cost, until their real cost is known. When a lease ends "
        f"unsettled, the amount counts as spent. Shown are the {ROWS_AT_MOST} whose lease ends first.",
        empty="No request is under way, so no money is held.",
    )


def refused(asked: Asked) -> Table:
    """The newest calls that a limit of ours stopped, in one query through their index."""
    stopped = Call.objects.filter(
        error__in=REFUSED,
        created_at__gte=asked.period.starts_at,
        created_at__lt=asked.period.ends_before,
    )
    if asked.feature:
        stopped = stopped.filter(feature=asked.feature)
    if asked.model:
        stopped = stopped.filter(model_asked=asked.model)
    rows = list(stopped.order_by("-created_at").values_list(*REFUSED_FIELDS)[:ROWS_AT_MOST])
    return Table(
        columns=REFUSED_COLUMNS,
        rows=tuple(
            (*row[1:5], WHY.get(row[4], row[4]), row[5], f"{row[6]} {row[7]}".strip(), row[8])
            for row in rows
        ),
        abouts=tuple(About("admin:triage_call_change", (row[0],)) for row in rows),
        note=f"The newest {ROWS_AT_MOST} calls of these days that were stopped by a limit of this installation, not by Claude. "
        "A line leads to its call.",
        empty="Nobody was refused in this time.",
    )


def refusals(asked: Asked) -> Table:
    """How many calls a limit of ours stopped, by feature and limit, in one query."""
    tallies = of_days(Tally.objects.all(), asked).filter(
        subject=Subject.CALL_ERROR, value__in=REFUSED
    )
    sums = tallies.values_list("feature", "value").annotate(
        Sum("number"), Min("first_at"), Max("last_at")
    )
    rows = tuple(
        (feature, code, WHY.get(code, code), *rest)
        for feature, code, *rest in sums.order_by("feature", "value")
    )
    return Table(
        columns=REFUSAL_COLUMNS,
        rows=rows,
        total=("All", "", "", sum(row[3] for row in rows), None, None),
        note="All calls of these days that were stopped by a limit of this installation. A refused triage is caught up later "
        "by itself; a refused draft has to be asked for again.",
        empty="Nobody was refused in this time.",
    )


REPORTS: tuple[Report, ...] = (
    Report(
        "quotas-holds",
        "Money that is held now",
        "Attempts under way and what they hold.",
        holds,
    ),
    Report(
        "quotas-refused",
        "Who was refused",
        "The newest calls that a limit of this installation stopped.",
        refused,
        BOTH,
    ),
    Report(
        "quotas-refusals",
        "How often a limit stopped a call",
        "Refused calls by feature and limit.",
        refusals,
        BOTH,
    ),
)
