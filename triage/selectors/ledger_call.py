"""One call of the ledger with what surrounds it: its attempts, equal calls, and its neighbours about the same thing.

Each function reads a bounded number of rows through an index.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from triage.models import Attempt, Call, Obtained
from triage.selectors.ledger import with_fingerprint

EQUAL_AT_MOST = 20  # half of them older than the call, half newer
ATTEMPTS_AT_MOST = 100
PAID = (Obtained.FIRST, Obtained.RETRY, Obtained.FALLBACK, Obtained.BATCH)
REUSED = (Obtained.STORED, Obtained.JOINED, Obtained.STALE)


class Relation(StrEnum):
    """What an equal call has to do with the one that is looked at. The value is what people read."""

    SOURCE = "Its answer was reused here"
    REUSED = "Reused this call's answer"
    REUSED_ANOTHER = "Reused the answer of another equal call"
    ASKED = "Asked Claude itself"
    NOT_ANSWERED = "Got no answer"


@dataclass(frozen=True, slots=True)
class EqualCall:
    call: Call
    relation: Relation


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The calls before and after one about the same thing; None where there is none."""

    before: Call | None
    after: Call | None


def attempts_of(call: Call) -> tuple[Attempt, ...]:
    """In the order they were made. One query."""
    attempts = Attempt.objects.filter(call=call).select_related("batch").order_by("number")
    return tuple(attempts[:ATTEMPTS_AT_MOST])


def neighbours(call: Call) -> Neighbours:
    """Two queries; none where the call is about nothing."""
    if not call.about_kind:
        return Neighbours(None, None)
    same = Call.objects.filter(about_kind=call.about_kind, about_id=call.about_id)
    return Neighbours(
        before=same.filter(pk__lt=call.pk).order_by("-id").first(),
        after=same.filter(pk__gt=call.pk).order_by("id").first(),
    )


def equal_calls(call: Call) -> tuple[EqualCall, ...]:
    """Calls with the same fingerprint, the newest first: the nearest to this one, at most EQUAL_AT_MOST, and the one that
    paid for its answer. Three queries at most."""
    same = with_fingerprint(Call.objects.all(), call.fingerprint)
    half = EQUAL_AT_MOST // 2
    newer = list(same.filter(pk__gt=call.pk).order_by("id")[:half])
    older = list(same.filter(pk__lt=call.pk).order_by("-id")[:half])
    source = _source(call, [*newer, *older], same)
    if source and source.pk not in {each.pk for each in (*newer, *older)}:
        older.append(source)
    return tuple(
        EqualCall(each, _relation(each, call, source, newer)) for each in (*newer[::-1], *older)
    )


def _source(call: Call, nearest: Iterable[Call], same: QuerySet[Call]) -> Call | None:
    """The call that paid for what this one reused: the last that had been answered when this one was."""
    if call.obtained not in REUSED or call.finished_at is None:
        return None
    found = _last_paid(nearest, call)
    if found is None:
        paid = same.filter(pk__lt=call.pk, obtained__in=PAID, finished_at__lte=call.finished_at)
        found = paid.order_by("-id").first()
    return found


def _last_paid(calls: Iterable[Call], reuser: Call) -> Call | None:
    paid = [
        (each.finished_at, each.pk, each)
        for each in calls
        if each.obtained in PAID
        and each.finished_at is not None
        and reuser.finished_at is not None
        and each.finished_at <= reuser.finished_at
    ]
    return max(paid)[2] if paid else None


def _relation(each: Call, call: Call, source: Call | None, newer: Iterable[Call]) -> Relation:
    """`newer` has every equal call right after this one, so no payer between them is missed."""
    if source and each.pk == source.pk:
        return Relation.SOURCE
    if each.obtained in PAID:
        return Relation.ASKED
    if each.obtained not in REUSED:
        return Relation.NOT_ANSWERED
    paid = _last_paid([call, *newer], each)
    return Relation.REUSED if paid and paid.pk == call.pk else Relation.REUSED_ANOTHER
