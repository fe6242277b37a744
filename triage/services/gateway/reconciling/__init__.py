"""The ledger against the provider's account: known costs are compared, unsure ones settled by elimination.

Running it twice changes nothing: what it settles is known from then on and found by the same comparison.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from triage.models import AlertKind, Reconciliation
from triage.services.gateway import alarms, journal
from triage.services.gateway.accounts import MINUTE, Account, minute_of
from triage.services.gateway.reconciling import ledger
from triage.services.gateway.reconciling.by_minute import ByMinute
from triage.services.gateway.reconciling.by_request import ByRequest
from triage.services.gateway.reconciling.tally import Report, Span, Tally, covered_until

__all__ = ["Report", "Span", "reconcile"]

RESOLUTION = timedelta.resolution
log = structlog.get_logger(__name__)


def reconcile(
    read: Callable[[datetime], Account],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    settle: timedelta = timedelta(0),
    is_dry_run: bool = False,
    note: Callable[[str], None] = log.warning,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Report:
    """Match the attempts opened from `since` to before `until` to the account, as far as it reaches.

    Unsure attempts are settled, and the alert on differences is opened or resolved, unless `is_dry_run`.

    Args:
        read: Gives the account; called with the time up to which the ledger is looked at, so that it knows no less.
        settle: How long after a request the account may still lack it.
        note: Takes each difference, in words.
        on_progress: Takes the share of the range that is done, 0 to 1.

    Raises:
        InsideTransaction: The caller holds a transaction open.
        OSError: The account cannot be read.
    """
    journal.check_outside_transaction()
    if not is_dry_run:
        journal.expire_attempts()
    with journal.durable() as cursor:
        as_of = journal.read_now(cursor)
    account = read(as_of)
    span = _span(account, since, until, covered_until(account.covers_to, as_of, settle))
    if span is None:
        return Report(None, before=ledger.count_before(until or as_of, since=since))
    tally = Tally(span, note, is_dry_run)
    _match(account, tally, covered_until(account.covers_to, as_of, settle), as_of, on_progress)
    report = tally.report(before=ledger.count_before(span.since, since=since))
    if not is_dry_run:
        _keep(report, span)
        _tell(report)
    return report


def _span(
    account: Account, since: datetime | None, until: datetime | None, covered: datetime
) -> Span | None:
    """What is asked for and the account covers; None where that is nothing."""
    if account.covers_from is None:
        return None
    first = max(since or account.covers_from, account.covers_from)
    last = min(until or covered, covered)
    if not account.names_requests:  # whole minutes
        first, last = minute_of(first - RESOLUTION) + MINUTE, minute_of(last)
    return Span(first, last) if first < last else None


def _match(
    account: Account,
    tally: Tally,
    covered: datetime,
    as_of: datetime,
    on_progress: Callable[[float], None],
) -> None:
    span = tally.span
    kind = ByRequest if account.names_requests else ByMinute
    matcher = kind(account, tally, covered_until=covered)
    for lines in ledger.chunks(span.read_from, span.read_to, as_of=as_of):
        matcher.take(lines)
        on_progress((lines[-1].opened_at - span.read_from) / (span.read_to - span.read_from))
    matcher.finish()
    on_progress(1.0)


def _keep(report: Report, span: Span) -> None:
    Reconciliation.objects.create(
        since=span.since,
        until=span.until,
        compared=report.compared,
        ledger_nanousd=report.ledger_nanousd,
        account_nanousd=report.account_nanousd,
        resolved=report.resolved,
        not_billed=report.not_billed,
        unsure=report.unsure,
        unsure_low_nanousd=report.unsure_low,
        unsure_high_nanousd=report.unsure_high,
        differences=report.differences,
    )


def _tell(report: Report) -> None:
    if report.agrees:
        alarms.resolve_alert(AlertKind.LEDGER_DIFFERS, "")
    else:
        alarms.open_alert(
            AlertKind.LEDGER_DIFFERS, "", f"{report.differences:,} differences. {report}"
        )
