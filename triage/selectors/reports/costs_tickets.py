"""The tickets that cost most, found through the index of each day's dearest."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from triage.models import Ticket, TicketDay
from triage.selectors.tables import About, Asked, Column, Kind, Table

SHOWN = 20
CANDIDATES_A_DAY = 20
CANDIDATES = 100  # whose days are all added up
# Of every day its dearest; of those the ones that these days alone make dearest; of them all days.
DEAREST = """
WITH candidate AS (
     SELECT ticket_id
       FROM generate_series(%(first)s::date, %(last)s::date, '1 day') AS asked(day)
      CROSS JOIN LATERAL (SELECT ticket_id, cost_nanousd FROM triage_ticketday
                           WHERE day = asked.day::date
                           ORDER BY cost_nanousd DESC LIMIT %(a_day)s) AS dearest
      GROUP BY ticket_id
      ORDER BY sum(cost_nanousd) DESC, ticket_id
      LIMIT %(candidates)s)
SELECT ticket_id, sum(calls)::bigint, sum(attempts)::bigint, count(*), sum(cost_nanousd)::bigint AS cost
  FROM triage_ticketday JOIN candidate USING (ticket_id)
 WHERE day BETWEEN %(first)s AND %(last)s
 GROUP BY ticket_id
 ORDER BY cost DESC, ticket_id
 LIMIT %(shown)s
"""
COLUMNS = (
    Column("ticket", "Ticket"),
    Column("subject", "Subject"),
    Column("calls", "Calls", Kind.COUNT),
    Column("attempts", "Attempts", Kind.COUNT),
    Column("days", "Days", Kind.COUNT, "On which it cost something."),
    Column("cost", "Cost", Kind.MONEY),
)
NOTE = (
    f"The {SHOWN} that cost most; each leads to its ticket. Looked at are each day's dearest {CANDIDATES_A_DAY}, so a ticket that"
    " was never among them is missing, even if many days made it dear. Of days that are over the dearest"
    f" {TicketDay.TICKETS_A_DAY} tickets are kept: what another cost on such a day is not counted."
)


def by_ticket(asked: Asked) -> Table:
    """Heeds the days alone. Two queries."""
    found = _dearest(asked)
    subjects = dict(
        Ticket.objects.filter(pk__in=[row[0] for row in found]).values_list("pk", "subject")
    )
    return Table(
        columns=COLUMNS,
        rows=tuple((f"#{pk}", _subject(pk, subjects), *rest) for pk, *rest in found),
        abouts=tuple(
            About("admin:triage_ticket_change", (pk,)) if pk in subjects else None
            for pk, *_ in found
        ),
        note=NOTE,
        empty="No ticket cost anything in this time.",
    )


def _dearest(asked: Asked) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            DEAREST,
            {
                "first": asked.period.first,
                "last": asked.period.last,
                "a_day": CANDIDATES_A_DAY,
                "candidates": CANDIDATES,
                "shown": SHOWN,
            },
        )
        return list(cursor.fetchall())


def _subject(pk: int, subjects: Mapping[int, str]) -> str:
    return (subjects[pk] or "(no subject)") if pk in subjects else "(deleted)"
