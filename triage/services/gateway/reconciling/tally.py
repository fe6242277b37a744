"""The sums of a reconciliation, its differences, and what it writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from triage.models import Certainty
from triage.services.gateway.accounts import NOTHING, Entry
from triage.services.gateway.reconciling.ledger import LONGEST_CALL, Line
from triage.services.gateway.reconciling.writing import Finding, save
from triage.types import Usage, usd

WRITE_AT_ONCE = 500
RESOLVED = "Resolved from the provider's account."
NOT_BILLED = "The provider's account does not have it: nothing was billed."


@dataclass(frozen=True, slots=True)
class Span:
    """The time that is compared: attempts opened, and entries counted, from `since` to before `until`.

    What lies a little outside is read too (`read_from`, `read_to`), because it may belong to what lies inside.
    """

    since: datetime
    until: datetime

    @property
    def read_from(self) -> datetime:
        return self.since - LONGEST_CALL

    @property
    def read_to(self) -> datetime:
        return self.until + LONGEST_CALL

    def has(self, at: datetime) -> bool:
        return self.since <= at < self.until


@dataclass(frozen=True, slots=True)
class Report:
    """The totals, in nano-dollars.

    `ledger_nanousd` is what is known, `account_nanousd` what the provider says; what stays unsure lies between `unsure_low` and
    `unsure_high` and must hold the difference of the two. `differences` is how many lines did not agree.
    """

    span: Span | None
    compared: int = 0
    ledger_nanousd: int = 0
    account_nanousd: int = 0
    resolved: int = 0
    not_billed: int = 0
    unsure: int = 0
    unsure_low: int = 0
    unsure_high: int = 0
    differences: int = 0
    before: int = 0

    @property
    def difference_nanousd(self) -> int:
        return self.account_nanousd - self.ledger_nanousd

    @property
    def agrees(self) -> bool:
        return not self.differences

    def __str__(self) -> str:
        unsure = (
            f"{self.unsure:,} attempts are unsure, between ${usd(self.unsure_low):.9f} and ${usd(self.unsure_high):.9f}"
            if self.unsure
            else "nothing is unsure"
        )
        return (
            f"Ledger ${usd(self.ledger_nanousd):.9f}, account ${usd(self.account_nanousd):.9f}, "
            f"difference ${usd(self.difference_nanousd):.9f}; {unsure}."
        )


@dataclass(slots=True)
class Tally:
    """Takes the verdict on each attempt and entry. Only what lies in the span is counted and written."""

    span: Span
    note: Callable[[str], None]
    is_dry_run: bool
    compared: int = 0
    ledger: int = 0
    account: int = 0
    resolved: int = 0
    not_billed: int = 0
    unsure: int = 0
    unsure_low: int = 0
    unsure_high: int = 0
    differences: int = 0
    findings: list[Finding] = field(default_factory=list)

    def has(self, line: Line) -> bool:
        return self.span.has(line.opened_at)

    def known(self, line: Line) -> None:
        """The ledger's own figure; its entry, if there is one, is counted apart."""
        if self.has(line):
            self.compared += 1
            self.ledger += line.cost_nanousd

    def billed(self, cost_nanousd: int) -> None:
        self.account += cost_nanousd

    def found(self, line: Line, usage: Usage, cost_nanousd: int, request_id: str = "") -> None:
        """An unsure attempt's true cost."""
        if not self.has(line):
            return
        self.resolved += 1
        self._find(Finding(line.id, Certainty.KNOWN, cost_nanousd, usage, request_id, RESOLVED))

    def nothing(self, line: Line) -> None:
        """An unsure attempt that the provider has not billed."""
        if not self.has(line):
            return
        self.not_billed += 1
        self._find(Finding(line.id, Certainty.NONE, 0, NOTHING, "", NOT_BILLED))

    def stays_unsure(self, line: Line) -> None:
        if self.has(line):
            self.unsure += 1
            self.unsure_low += line.lowest_nanousd
            self.unsure_high += line.highest_nanousd

    def may_count(self, line: Line) -> None:
        """An attempt that the account may have counted in the span, or outside it."""
        self.unsure += 1
        self.unsure_high += line.highest_nanousd

    def differs(self, text: str) -> None:
        self.differences += 1
        self.note(text)

    def unexplained(self, entry: Entry) -> None:
        """Billed, and no attempt can have been it."""
        if self.span.has(entry.at):
            cost = entry.cost_nanousd or 0
            self.billed(cost)
            named = entry.request_id or "a request"
            self.differs(
                f"billed without a row: {named} to {entry.model} at {entry.at:%Y-%m-%d %H:%M:%S} UTC, ${usd(cost):.9f}"
            )

    def flush(self) -> None:
        if not self.is_dry_run:
            save(self.findings)
        self.findings.clear()

    def report(self, *, before: int) -> Report:
        return Report(
            self.span,
            self.compared,
            self.ledger,
            self.account,
            self.resolved,
            self.not_billed,
            self.unsure,
            self.unsure_low,
            self.unsure_high,
            self.differences,
            before,
        )

    def _find(self, finding: Finding) -> None:
        self.compared += 1
        self.ledger += finding.cost_nanousd
        self.findings.append(finding)
        if len(self.findings) >= WRITE_AT_ONCE:
            self.flush()


def covered_until(account_ends: datetime, as_of: datetime, settle: timedelta) -> datetime:
    """Until when the account can be taken as complete."""
    return min(account_ends, as_of - settle)
