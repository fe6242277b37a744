"""What is kept of the sums, and what stays when the rows under them go."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from triage.models import Noted, RollupNote, RollupState, TicketDay

OVER_AFTER = timedelta(days=2)  # a day's last attempts are settled by then

TRIM = """
DELETE FROM triage_ticketday
 WHERE (day, ticket_id) IN (
       SELECT day, ticket_id
         FROM (SELECT day, ticket_id, row_number() OVER (PARTITION BY day ORDER BY cost_nanousd DESC, ticket_id) AS place
                 FROM triage_ticketday WHERE day = ANY(%(days)s)) AS placed
        WHERE place > %(at_most)s)
"""
FULL = """
SELECT day FROM triage_ticketday WHERE day < %(before)s GROUP BY day HAVING count(*) > %(at_most)s
"""


def trim_tickets() -> None:
    """Of days that are over only the dearest tickets stay."""
    before = (datetime.now(UTC) - OVER_AFTER).date()
    given: dict[str, Any] = {"before": before, "at_most": TicketDay.TICKETS_A_DAY}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FULL, given)
        if full := [day for (day,) in cursor.fetchall()]:
            cursor.execute(TRIM, {**given, "days": full})


def keep_from(moment: datetime) -> bool:
    """From now on the hours before `moment` are not summed anew, so that their calls and attempts may be pruned.

    Whether that holds: False while something before it has changed and is not summed yet.
    """
    with transaction.atomic():
        state, _ = RollupState.objects.select_for_update().get_or_create(id=1)
        if state.ledger_from is not None and state.ledger_from >= moment:
            return True
        if RollupNote.objects.filter(subject=Noted.LEDGER, starts_at__lt=moment).exists():
            return False
        RollupState.objects.update(ledger_from=moment)
        return True
