"""Any call of the ledger, found through an index.

The ledger grows by millions of rows, so nothing here reads all of it. What names calls (a number, a request, a ticket, a
fingerprint, a batch) is looked up wherever it is; what only describes them is looked for within LONGEST_DAYS days, and a longer
range is refused in words.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import OrderBy
from django.db.models.functions import Left

from triage.models import Attempt, Call, Certainty, Obtained
from triage.models.ledger import REFUSED
from triage.selectors.periods import Period

LONGEST_DAYS = 7
UNSETTLED_AT_MOST = 1_000
FINGERPRINT_INDEXED = 8  # characters at its start, which tell it from nearly all others
REQUEST_CALLS_AT_MOST = 50
UNSETTLED = (Certainty.OPEN, Certainty.UNKNOWN, Certainty.LOWER_BOUND)  # each has an index
AT_ONCE = (Obtained.FIRST, Obtained.STORED, Obtained.JOINED)  # without an attempt that failed
DESCRIBING = ("feature", "model_asked", "model_served", "obtained", "state", "by_id")


class RangeTooLong(ValueError):
    """What is asked for would read too much of the ledger. The message says what to ask instead."""


@dataclass(frozen=True, slots=True)
class CallSearch:
    """What calls are looked for; everything that is set has to hold. None and "" stand for "any".

    `about` is a kind and an id; `fingerprint` may be its beginning, of 8 characters or more; `first` and `last` are UTC days,
    both counted. `error` holds of a call that ended with it or had an attempt that did, `certainty` of one that had such an
    attempt.
    """

    call_id: int | None = None
    request_id: str = ""
    about: tuple[str, str] | None = None
    fingerprint: str = ""
    batch_id: int | None = None
    by_id: int | None = None
    first: date | None = None
    last: date | None = None
    feature: str = ""
    model_asked: str = ""
    model_served: str = ""
    obtained: str = ""
    state: str = ""
    error: str = ""
    certainty: str = ""
    above_nanousd: int | None = None

    @property
    def names_calls(self) -> bool:
        named = (self.call_id, self.request_id, self.about, self.fingerprint, self.batch_id)
        return any(value not in (None, "") for value in named)

    @property
    def describes_calls(self) -> bool:
        described = (*(getattr(self, name) for name in DESCRIBING), self.error, self.certainty)
        return any(described) or self.above_nanousd is not None


@dataclass(frozen=True, slots=True)
class Found:
    """The calls, the newest first and not yet read; `note` says in a sentence what was left out, "" where nothing was."""

    calls: QuerySet[Call]
    note: str = ""


def find(search: CallSearch) -> Found:
    """The calls that `search` asks for.

    Raises:
        RangeTooLong: The days are too many for what is asked.
    """
    if search.names_calls:
        return Found(_matching(_named(search), search, _days(search)).order_by(_newest_first()))
    if search.certainty in UNSETTLED:
        return _find_unsettled(search)
    if search.error in REFUSED:
        calls = _matching(Call.objects.filter(error__in=REFUSED), search, _days(search))
        return Found(calls.order_by("-created_at", "-id"))
    if not search.describes_calls and search.first is None and search.last is None:
        return Found(Call.objects.order_by("-id"))
    period, note = _read_period(search)
    calls = _matching(Call.objects.all(), search, period)
    return Found(calls.order_by("-created_at", "-id"), note)


def with_fingerprint(calls: QuerySet[Call], start: str) -> QuerySet[Call]:
    """Those of `calls` whose fingerprint begins so; `start` has at least FINGERPRINT_INDEXED characters."""
    indexed = calls.alias(beginning=Left("fingerprint", FINGERPRINT_INDEXED))
    return indexed.filter(beginning=start[:FINGERPRINT_INDEXED], fingerprint__startswith=start)


def _newest_first() -> OrderBy:
    """By an expression, so that nobody walks the whole key to find a few rows in its order."""
    return (F("id") + 0).desc()


def _named(search: CallSearch) -> QuerySet[Call]:
    calls = Call.objects.all()
    if search.call_id is not None:
        calls = calls.filter(pk=search.call_id)
    if search.request_id:
        attempts = Attempt.objects.filter(request_id=search.request_id)
        found = attempts.values_list("call_id", flat=True)[:REQUEST_CALLS_AT_MOST]
        calls = calls.filter(pk__in=list(found))
    if search.about:
        calls = calls.filter(about_kind=search.about[0], about_id=search.about[1])
    if search.fingerprint:
        calls = with_fingerprint(calls, search.fingerprint)
    return calls if search.batch_id is None else _in_batch(calls, search.batch_id)


def _in_batch(calls: QuerySet[Call], batch_id: int) -> QuerySet[Call]:
    """The calls of a batch got their ids together, so the range of those has hardly any other."""
    call_id = F("call_id") + 0  # else the ends are sought from the ends of the table
    ids = Attempt.objects.filter(batch=batch_id).aggregate(least=Min(call_id), most=Max(call_id))
    if ids["least"] is None:
        return calls.none()
    within = calls.filter(pk__gte=ids["least"], pk__lte=ids["most"])
    return within.filter(_has_attempt(batch=batch_id))


def _matching(calls: QuerySet[Call], search: CallSearch, period: Period | None) -> QuerySet[Call]:
    """Those of `calls` that fit what describes them, within the period where there is one."""
    if period:
        calls = calls.filter(created_at__gte=period.starts_at, created_at__lt=period.ends_before)
    equal = {name: getattr(search, name) for name in DESCRIBING if getattr(search, name)}
    calls = calls.filter(**equal)
    if search.error:
        tried = ~Q(obtained__in=AT_ONCE) & _has_attempt(error=search.error)
        refused = Q(error=search.error)
        calls = calls.filter(refused if search.error in REFUSED else refused | tried)
    if search.certainty:
        calls = calls.filter(_has_attempt(certainty=search.certainty))
    if search.above_nanousd is not None:
        calls = calls.filter(cost_nanousd__gt=search.above_nanousd)
    return calls


def _has_attempt(**fields: object) -> Q:
    """Asked of each call through the index of its attempts: as EXISTS, it could become a join with all attempts."""
    attempts = Attempt.objects.filter(call=OuterRef("pk"), **fields).order_by()
    return Q(pk=Subquery(attempts.values("call_id")[:1]))


def _find_unsettled(search: CallSearch) -> Found:
    attempts = Attempt.objects.filter(certainty=search.certainty)
    if period := _days(search):
        attempts = attempts.filter(
            opened_at__gte=period.starts_at, opened_at__lt=period.ends_before
        )
    newest = "-lease_until" if search.certainty == Certainty.OPEN else "-opened_at"
    found = attempts.order_by(newest).values_list("call_id", flat=True)[:UNSETTLED_AT_MOST]
    ids = list(found)
    note = ""
    if len(ids) == UNSETTLED_AT_MOST:
        note = f"Only the newest {UNSETTLED_AT_MOST:,} such requests are looked through. Choose days to see others."
    calls = _matching(Call.objects.filter(pk__in=ids), search, None)
    return Found(calls.order_by(_newest_first()), note)


def _days(search: CallSearch) -> Period | None:
    """The days as they are asked for; an end that is open is left far away."""
    if search.first is None and search.last is None:
        return None
    return Period(search.first or date(2000, 1, 1), search.last or datetime.now(UTC).date())


def _read_period(search: CallSearch) -> tuple[Period, str]:
    """The days to look in, and what has to be said of them."""
    week = timedelta(days=LONGEST_DAYS - 1)
    if search.first is None and search.last is None:
        last = _newest_day()
        note = f"Shown are the {LONGEST_DAYS} days up to {last:%-d %B %Y}, the day of the newest call. Choose days to see others."
        return Period(last - week, last), note
    last = search.last or datetime.now(UTC).date()
    period = Period(search.first or last - week, last)
    number = (period.last - period.first).days + 1
    if search.describes_calls and number > LONGEST_DAYS:
        raise RangeTooLong(
            f"Choose a range of at most {LONGEST_DAYS} days with this filter; "
            f"{period.first:%-d %B %Y} to {period.last:%-d %B %Y} are {number:,}."
        )
    return period, ""


def _newest_day() -> date:
    newest = Call.objects.aggregate(at=Max("created_at"))["at"]
    return (newest or datetime.now(UTC)).astimezone(UTC).date()
