"""What the rules read and how they judge it: one function each, one to three queries, and what was found in words.

Each takes the moment and the limit where an admin has set one, and knows what is usual.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt

from triage.models import Automation, Feature
from triage.selectors import alert_figures, rollups
from triage.services.gateway.catalog import name_of
from triage.services.statistics.drift import ALL, Watch, Watches
from triage.types import NANOUSD_PER_USD, usd

LEAST_DAY_USD = 1.0
USUAL_DAYS = 1.5
ALARM_HOLDS = timedelta(weeks=1)
ENOUGH_AUDITS = 50
SURE_Z = 2.58  # of two equal shares, one in a hundred pairs differs so much by chance


@dataclass(frozen=True, slots=True)
class Reading:
    """What a rule found of one scope. `value` is None where there was nothing; `text` says it all in a sentence or two.

    `is_over` opens an alert: the value is beyond the limit, and there was enough to tell from.
    """

    value: float | None
    limit: float | None
    is_over: bool
    text: str
    scope: str = ""


def cost_day(now: datetime, own: float | None) -> list[Reading]:
    costs = alert_figures.costs(now)
    usual = costs.usual_nanousd / NANOUSD_PER_USD
    limit = max(USUAL_DAYS * usual, LEAST_DAY_USD) if own is None else own
    today = costs.today_nanousd / NANOUSD_PER_USD
    text = (
        f"Today (UTC) has cost ${today:,.2f} so far, over a limit of ${limit:,.2f}. A day of the week before cost"
        f" ${usual:,.2f} on the mean."
    )
    return [Reading(today, limit, today > limit, text)]


def cost_forecast(now: datetime, own: float | None) -> list[Reading]:
    budget = alert_figures.month_budget()
    limit = float(usd(budget)) if own is None and budget is not None else own
    found = alert_figures.forecast(now)
    if limit is None or found is None:
        missing = (
            "No budget for the month is set." if limit is None else "The month has just begun."
        )
        return [Reading(None, limit, False, missing)]
    expected = found.expected_nanousd / NANOUSD_PER_USD
    text = (
        f"This month (UTC) has cost ${usd(found.so_far_nanousd):,.2f} so far and will come to ${expected:,.2f} if the rest goes"
        f" like the days so far. Its limit is ${limit:,.2f}."
    )
    return [Reading(expected, limit, expected > limit, text)]


def answers_cut(now: datetime, own: float | None) -> list[Reading]:
    limit = 1.0 if own is None else own
    cut = alert_figures.cut_answers(now, enough=100)
    is_over = cut.percent is not None and cut.percent >= limit and cut.part >= 3
    text = (
        f"{cut.part:,} of {cut.whole:,} answers since {_clock(cut.since)} were cut off at their length limit"
        f" ({_percent(cut.percent)})."
    )
    return [Reading(cut.percent, limit, is_over, text)]


def slow(now: datetime, own: float | None) -> list[Reading]:
    limit = 10.0 if own is None else own
    found = alert_figures.latencies(now, enough=20)
    return [_slow(feature, latency, limit) for feature, latency in found.items()]


def error_rate(now: datetime, own: float | None) -> list[Reading]:
    limit = 1.0 if own is None else own
    errors = alert_figures.errors(now, enough=100)
    is_over = errors.percent is not None and errors.percent > limit and errors.whole >= 100
    codes = alert_figures.error_codes(errors.since) if is_over else ()
    which = ", ".join(f"{code.replace('_', ' ')} {number:,}" for code, number in codes)
    text = (
        f"{errors.part:,} of {errors.whole:,} requests to Claude since {_clock(errors.since)} failed"
        f" ({_percent(errors.percent)}){': ' + which if which else ''}."
    )
    return [Reading(errors.percent, limit, is_over, text)]


def cache_misses(now: datetime, own: float | None) -> list[Reading]:
    limit = 50.0 if own is None else own
    found = alert_figures.cache_use(now, enough=50)
    return [_cache_misses(model, use, limit) for model, use in found.items()]


def ledger_unsure(now: datetime, own: float | None) -> list[Reading]:
    limit = 0.0 if own is None else own
    found = alert_figures.unknown_costs(before=now - timedelta(hours=1))
    number = f"{found:,}" if found < alert_figures.COUNTED_AT_MOST else f"{found:,} or more"
    text = f"{number} requests are older than an hour, and nobody knows what they cost; each counts at its upper bound."
    return [Reading(found, limit, found > limit, text)]


def queue_age(now: datetime, own: float | None) -> list[Reading]:
    limit = 10.0 if own is None else own
    since = alert_figures.oldest_due(now)
    if since is None:
        return [Reading(None, limit, False, "No ticket waits for its triage.")]
    minutes = (now - since) / timedelta(minutes=1)
    text = f"The ticket that waits longest was due for its triage {minutes:,.0f} minutes ago; the limit is {limit:g}."
    return [Reading(minutes, limit, minutes > limit, text)]


def corrections_drift(now: datetime, own: float | None) -> list[Reading]:
    limit = 5.0 if own is None else own
    found = alert_figures.judged(now)
    if not (found.judged and found.judged_before):
        return [Reading(None, limit, False, "Too little was judged to compare.")]
    lately, before = found.wrong / found.judged, found.wrong_before / found.judged_before
    points = 100 * (lately - before)
    is_enough = min(found.judged, found.judged_before) >= 50
    text = (
        f"People found {lately:.1%} of {found.judged:,} judged labels wrong in the last seven days, and {before:.1%} of"
        f" {found.judged_before:,} in the four weeks before: {points:+.1f} points."
    )
    return [Reading(points, limit, is_enough and points >= limit and _z(found) > SURE_Z, text)]


def audit_drift(now: datetime, own: float | None) -> list[Reading]:
    """An alarm's own words stay for the week that it holds. A limit of one's own speaks of all answers together."""
    row = Automation.objects.filter(pk=1).first()
    watches = Watches.read(row.watch).by_name if row else {}
    if row is None or ALL not in watches:
        return [Reading(None, own, False, "The watch has counted no audit yet.")]
    watching = watches[ALL]
    limit = 100 * watching.target if own is None else own
    percent = 100 * watching.wrong / watching.audited if watching.audited else None
    if row.alarmed_at and row.alarmed_at > now - ALARM_HOLDS:
        alarm = f"The audits raised an alarm on {row.alarmed_at:%-d %B at %H:%M} UTC."
        said = row.watch.get("alarm") or _audited(watches)
        return [Reading(percent or limit, limit, True, f"{alarm} {said}")]
    is_over = own is not None and watching.audited >= ENOUGH_AUDITS and (percent or 0) > own
    return [Reading(percent, limit, is_over, _audited(watches))]


def rollups_old(now: datetime, own: float | None) -> list[Reading]:
    limit = 10.0 if own is None else own
    refreshed_at = rollups.refreshed_at()
    if refreshed_at is None:
        return [Reading(None, limit, False, "Nothing has been added up yet.")]
    minutes = (now - refreshed_at) / timedelta(minutes=1)
    text = f"The figures were last brought up to date {minutes:,.0f} minutes ago; the limit is {limit:g}."
    return [Reading(minutes, limit, minutes > limit, text)]


def _audited(watches: Mapping[str, Watch]) -> str:
    whole = watches[ALL]
    percent = 100 * whole.wrong / whole.audited if whole.audited else None
    groups = "".join(
        f"; with {name} labels {each.wrong:,} of {each.audited:,}"
        for name, each in watches.items()
        if name != ALL and each.audited
    )
    return (
        f"Since the watch began, {whole.wrong:,} of {whole.audited:,} audited automatic answers were wrong"
        f" ({_percent(percent)}; {100 * whole.target:g} % are promised){groups}."
    )


def _slow(feature: str, found: alert_figures.Latency, limit: float) -> Reading:
    seconds = found.p95_ms / 1000
    text = (
        f"{Feature(feature).label}: one request in twenty took longer than {seconds:.1f} s since {_clock(found.since)}"
        f" ({found.attempts:,} requests; the limit is {limit:g} s)."
    )
    return Reading(seconds, limit, seconds > limit and found.attempts >= 20, text, scope=feature)


def _cache_misses(model: str, found: alert_figures.CacheUse, limit: float) -> Reading:
    percent = found.tokens.percent
    is_over = percent is not None and percent < limit and found.requests >= 50
    text = (
        f"{name_of(model)} read {_percent(percent)} of its input from the prompt cache since {_clock(found.tokens.since)}"
        f" ({found.requests:,} requests; the limit is {limit:g} %)."
    )
    return Reading(percent, limit, is_over, text, scope=model)


def _z(found: alert_figures.Judged) -> float:
    """How many standard errors two shares are apart, pooled: the two-proportion z-test."""
    both = found.judged + found.judged_before
    pooled = (found.wrong + found.wrong_before) / both
    spread = sqrt(pooled * (1 - pooled) * (1 / found.judged + 1 / found.judged_before))
    apart = found.wrong / found.judged - found.wrong_before / found.judged_before
    return apart / spread if spread else 0.0


def _clock(at: datetime) -> str:
    return f"{at:%H:%M} UTC"


def _percent(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.1f} %"
