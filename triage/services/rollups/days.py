"""The SQL that makes a day's cells the sum of its hours', column by column from the models themselves."""

from collections.abc import Iterator

from django.db.models import Model

from triage.models import (
    AttemptCell,
    CallCell,
    ConfusionCell,
    DraftCell,
    Noted,
    Tally,
    TicketCell,
    TriageCell,
)

# What each kind of note is about, and the subjects of the tally that belong to it.
SUMMED: dict[Noted, tuple[type[Model], ...]] = {
    Noted.LEDGER: (AttemptCell, CallCell),
    Noted.RUNS: (TriageCell, ConfusionCell),
    Noted.DRAFTS: (DraftCell,),
    Noted.TICKETS: (TicketCell,),
}
TALLIED: dict[Noted, tuple[str, ...]] = {
    Noted.LEDGER: (
        *("error", "stop_reason", "certainty", "cache_miss"),
        *("obtained", "call_error", "prompt"),
    ),
    Noted.RUNS: ("thresholds", "taxonomy"),
    Noted.DRAFTS: ("stream",),
    Noted.TICKETS: (),
}

LATENCY_DAYS = """
INSERT INTO triage_latencycell (grain, starts_at, feature, model, team_id, measure, buckets, counts)
SELECT 'day', day, feature, model, team_id, measure, array_agg(bucket ORDER BY bucket), array_agg(number ORDER BY bucket)
  FROM (SELECT days.day, cell.feature, cell.model, cell.team_id, cell.measure, bar.bucket, sum(bar.number)::bigint AS number
          FROM unnest(%(days)s::timestamptz[]) AS days (day)
          JOIN triage_latencycell AS cell
            ON cell.grain = 'hour' AND cell.starts_at >= days.day AND cell.starts_at < days.day + interval '1 day'
         CROSS JOIN LATERAL unnest(cell.buckets, cell.counts) AS bar (bucket, number)
         GROUP BY 1, 2, 3, 4, 5, 6) AS bars
 GROUP BY day, feature, model, team_id, measure
"""


def sums_of(noted: Noted) -> Iterator[str]:
    """The statements that make the day cells of `%(days)s`, whose rows are gone already."""
    for model in SUMMED[noted]:
        yield _sum(model)
    if noted is Noted.LEDGER:
        yield LATENCY_DAYS
    if TALLIED[noted]:
        yield _sum(Tally, first="first_at", last="last_at")


def _sum(model: type[Model], *, first: str = "", last: str = "") -> str:
    """Of a tally only the subjects `%(subjects)s`."""
    about = model._meta  # noqa: SLF001 - Django's documented way to a model's columns
    table = about.db_table
    key = [str(field.column) for field in about.pk_fields][2:]
    columns = [str(field.column) for field in about.concrete_fields if field.column]
    values = [column for column in columns if column not in (*key, "grain", "starts_at")]
    how = {first: "min", last: "max"}
    keys = "".join(f', cell."{column}"' for column in key)
    names = ", ".join(f'"{column}"' for column in (*key, *values))
    sums = ", ".join(f'{how.get(column, "sum")}(cell."{column}")' for column in values)
    only = "AND cell.subject = ANY(%(subjects)s)" if model is Tally else ""
    return f"""
        INSERT INTO {table} (grain, starts_at, {names})
        SELECT 'day', days.day{keys}, {sums}
          FROM unnest(%(days)s::timestamptz[]) AS days (day)
          JOIN {table} AS cell
            ON cell.grain = 'hour' AND cell.starts_at >= days.day AND cell.starts_at < days.day + interval '1 day' {only}
         GROUP BY days.day{keys}
    """  # noqa: S608 - of the models' own names
