"""The page that says what Claude cost, and why: `/admin/spend/?from=2026-11-01&to=2026-11-30&feature=classify`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.utils import timezone

from triage.admin.chart import stacked
from triage.admin.formats import count, dollars, each, milliseconds, share
from triage.admin.pages import AdminPage
from triage.admin.tiles import tiles
from triage.models import Certainty, Feature
from triage.selectors import spend
from triage.selectors.spend import DaySpend, ModelSpend, Period, Reused, SpendReport, Unsure
from triage.services.gateway.catalog import name_of

LONGEST_DAYS = 366
UNSURE_TEXTS = {
    Certainty.UNKNOWN: "Of which unknown, upper bound",
    Certainty.LOWER_BOUND: "Of which at least this, lower bound",
    Certainty.OPEN: "Of which still in progress, upper bound",
}
COLUMNS = (
    ("Feature", False),
    ("Model", False),
    ("Calls", True),
    ("Attempts", True),
    ("Errors", True),
    ("Error rate", True),
    ("p50", True),
    ("p95", True),
    ("Uncached in", True),
    ("Cache write", True),
    ("Cache read", True),
    ("Output", True),
    ("Hit rate", True),
    ("Cost", True),
    ("Per call", True),
)


class SpendPage(AdminPage):
    template_name = "admin/spend.html"
    title = "Spend"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = read(self.request.GET, today=timezone.now().date())
        report = spend.report(asked.period, feature=asked.feature)
        return super().get_context_data(
            **kwargs,
            asked=asked,
            report=report,
            features=Feature,
            tiles=tiles(report),
            unsure=[unsure_line(kind) for kind in report.unsure],
            reused=reused_line(report.reused),
            columns=COLUMNS,
            rows=[model_row(row) for row in report.rows],
            total=total_row(report),
            chart=stacked(report.days),
            days=day_table(report),
            is_simulated=settings.TRIAGE_SIMULATOR,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; `problem` says what of it could not be used, "" when all could."""

    period: Period
    feature: Feature | None
    problem: str = ""


def read(query: QueryDict, *, today: date) -> Asked:
    """The range and the feature in the address; by default this month so far, and every feature."""
    feature = query.get("feature", "")
    known = Feature(feature) if feature in Feature.values else None
    try:
        period = _period(query, today)
    except ValueError as error:
        return Asked(spend.this_month(today), known, f"{error} Shown is this month.")
    if feature and known is None:
        return Asked(period, None, f"There is no feature “{feature[:40]}”. Shown are all of them.")
    return Asked(period, known)


def _period(query: QueryDict, today: date) -> Period:
    """Raises ValueError, with a sentence for people, where the range cannot be used."""
    last = _day(query.get("to", ""), default=today)
    first = _day(query.get("from", ""), default=last.replace(day=1))
    if first > last:
        raise ValueError("The first day lies after the last.")
    if (last - first).days >= LONGEST_DAYS:
        raise ValueError(f"The range is longer than {LONGEST_DAYS} days.")
    return Period(first, last)


def _day(text: str, *, default: date) -> date:
    if not text.strip():
        return default
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"“{text[:40]}” is not a date; write it like {default.isoformat()}."
        ) from None
    if not 2000 <= day.year <= 2999:
        raise ValueError(f"The year {day.year} is out of range.")
    return day


def model_row(row: ModelSpend) -> list[str]:
    return [
        row.feature.label,
        name_of(row.model),
        count(row.calls),
        count(row.attempts),
        count(row.errors),
        share(row.errors, row.attempts),
        milliseconds(row.p50_ms),
        milliseconds(row.p95_ms),
        *_token_cells(row),
        dollars(row.cost_nanousd),
        each(row.cost_nanousd, row.calls),
    ]


def total_row(report: SpendReport) -> list[str]:
    """Calls and latencies are left out: they do not add up over models."""
    return [
        "All",
        "",
        "",
        count(report.attempts),
        count(report.errors),
        share(report.errors, report.attempts),
        "",
        "",
        *_token_cells(report),
        dollars(report.cost_nanousd),
        "",
    ]


def _token_cells(spent: ModelSpend | SpendReport) -> Iterable[str]:
    usage = spent.usage
    yield count(usage.uncached_input_tokens)
    yield count(usage.cache_write_5m_tokens + usage.cache_write_1h_tokens)
    yield count(usage.cache_read_tokens)
    yield count(usage.output_tokens)
    yield share(usage.cache_read_tokens, usage.input_tokens)


def unsure_line(kind: Unsure) -> str:
    """Such as "Of which unknown, upper bound: $0.0312 (3 attempts)"."""
    noun = "attempt" if kind.attempts == 1 else "attempts"
    text = UNSURE_TEXTS[kind.certainty]
    return f"{text}: {dollars(kind.cost_nanousd)} ({count(kind.attempts)} {noun})"


def reused_line(reused: Reused) -> str:
    """How many calls cost nothing, and what that saved."""
    if not reused.stored + reused.joined:
        return "Every call was asked anew: there was no equal one to answer it."
    return (
        f"Calls that got a stored reply: {count(reused.stored)}. Calls that shared an equal one under"
        f" way: {count(reused.joined)}. They saved {dollars(reused.saved_nanousd)}, which is what the"
        " calls that paid had cost."
    )


def day_table(report: SpendReport) -> list[list[str]]:
    """The chart in figures, the newest day first; days without cost are left out."""
    spent = [day for day in reversed(report.days) if day.cost_nanousd]
    return [_day_row(day) for day in spent]


def _day_row(day: DaySpend) -> list[str]:
    costs = [day.cost_nanousd.get(feature, 0) for feature in Feature]
    cells = [dollars(cost) if cost else "" for cost in costs]
    return [f"{day.day:%-d %B %Y}", *cells, dollars(sum(costs))]
