"""The newest comparisons of the ledger with the provider's account."""

from triage.models import Reconciliation
from triage.selectors.tables import Asked, Column, Kind, Report, Table

NEWEST = 10


def reconciliations(asked: Asked) -> Table:
    """One query."""
    rows = Reconciliation.objects.order_by("-at")[:NEWEST]
    return Table(
        columns=(
            Column("at", "Compared (UTC)", Kind.MOMENT),
            Column("since", "From", Kind.MOMENT),
            Column("until", "Until", Kind.MOMENT),
            Column("attempts", "Requests", Kind.COUNT, "Compared one by one, or by the minute."),
            Column("ledger", "Ledger, known", Kind.MONEY),
            Column("account", "Account", Kind.MONEY, "What the provider says it has billed."),
            Column("difference", "Difference", Kind.MONEY),
            Column("unsure_low", "Unsure, at least", Kind.MONEY),
            Column("unsure_high", "Unsure, at most", Kind.MONEY),
            Column("resolved", "Found out", Kind.COUNT, "Unsure costs that the account settled."),
            Column("differences", "Disagree", Kind.COUNT, "Lines that must not differ and do."),
        ),
        rows=tuple(
            (
                run.at,
                run.since,
                run.until,
                run.compared,
                run.ledger_nanousd,
                run.account_nanousd,
                run.account_nanousd - run.ledger_nanousd,
                run.unsure_low_nanousd,
                run.unsure_high_nanousd,
                run.resolved + run.not_billed,
                run.differences,
            )
            for run in rows
        ),
        note="The difference must lie between the two bounds of what is unsure. Shown are the newest ten runs.",
        empty="The ledger has not been compared with the provider's account yet: run “manage.py reconcile”.",
    )


REPORTS: tuple[Report, ...] = (
    Report(
        "health-reconciliation",
        "The ledger and the provider's account",
        "The newest runs of `reconcile`: what the ledger knows, what the account says, what is unsure.",
        reconciliations,
    ),
)
