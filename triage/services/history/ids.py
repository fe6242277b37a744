"""Ids for rows that are copied in: taken from the tables' sequences before, so that nobody else is given them."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

from django.db import connection, transaction

from triage.services.history.rhythm import DayQuota

TICKETS_PER_REQUESTER = 5
BATCHES_A_DAY = 12
# A day speaks of tickets of this many days before it and of its own alone: those in between may be underway elsewhere.
LAG_DAYS = 4


class Ids(NamedTuple):
    """Where a day's ids begin; `first_ticket` and `first_requester` are the whole history's."""

    ticket: int
    run: int
    requester: int
    call: int
    attempt: int
    batch: int
    first_ticket: int
    first_requester: int


class Day(NamedTuple):
    """What a day is told from. `known` tickets and `known_requesters` of earlier days are there for certain."""

    quota: DayQuota
    ids: Ids
    known: int
    known_requesters: int


def lay_out(quotas: Sequence[DayQuota]) -> Sequence[Day]:
    """The days of a history with their ids, reserved."""
    tickets = _until(quota.tickets for quota in quotas)
    requesters = _until(_requesters(quota) for quota in quotas)
    firsts = {
        "ticket": _blocks("triage_ticket", tickets),
        "run": _blocks("triage_triage", tickets),
        "requester": _blocks("triage_requester", requesters),
        "call": _blocks("triage_call", _until(_calls(quota) for quota in quotas)),
        "attempt": _blocks("triage_attempt", _until(quota.attempts for quota in quotas)),
        "batch": _blocks("triage_batch", _until(BATCHES_A_DAY for _ in quotas)),
    }
    return [
        Day(
            quota,
            Ids(
                **{name: blocks[number] for name, blocks in firsts.items()},
                first_ticket=firsts["ticket"][0],
                first_requester=firsts["requester"][0],
            ),
            known=tickets[max(0, number + 1 - LAG_DAYS)],
            known_requesters=requesters[max(0, number + 1 - LAG_DAYS)],
        )
        for number, quota in enumerate(quotas)
    ]


def reserve(table: str, count: int) -> int:
    """The first of `count` ids in a row that nobody else gets, also while others insert.

    While the sequence's step is another one, others wait for their next id; that is over at once.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        sequence = cursor.fetchone()[0]
        cursor.execute("SELECT nextval(%s)", [sequence])
        cursor.execute(f"ALTER SEQUENCE {sequence} INCREMENT BY {max(count, 1)}")
        cursor.execute("SELECT nextval(%s)", [sequence])
        last: int = cursor.fetchone()[0]
        cursor.execute(f"ALTER SEQUENCE {sequence} INCREMENT BY 1")
    return last - max(count, 1) + 1


def _blocks(table: str, until: Sequence[int]) -> Sequence[int]:
    first = reserve(table, until[-1])
    return [first + before for before in until]


def _until(counts: Iterable[int]) -> Sequence[int]:
    return list(accumulate(counts, initial=0))


def _requesters(quota: DayQuota) -> int:
    return -(-quota.tickets // TICKETS_PER_REQUESTER)


def _calls(quota: DayQuota) -> int:
    """Above what a day can need: some calls, of stored replies and refusals, make no attempt."""
    return quota.attempts + quota.attempts // 3 + 100
