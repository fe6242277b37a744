"""Whether Claude answers: what failed and how, how replies were come by, and how answers and streams ended."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Sum

from triage.models import AttemptCell, CallCell, Feature, Obtained, Subject
from triage.selectors.reports import health_now, reconciled
from triage.selectors.reports.failures import MEANINGS, Failure, failure_of, failure_of_stop
from triage.selectors.reports.tallies import Tallied, of_days, share, tallied
from triage.selectors.tables import Asked, Column, Filter, Kind, Report, Table

BOTH = frozenset({Filter.FEATURE, Filter.MODEL})
FAILURES = list(Failure)
FEATURES = [feature.value for feature in Feature]
STREAMS = {
    "complete": "Came to its end",
    "underway": "Is being written",
    "cancelled": "Cancelled by its reader; the text so far is kept",
    "broken": "Broke off; the text so far is kept",
    "failed": "Failed before any text came",
}


def errors(asked: Asked) -> Table:
    """Failed attempts by model and kind, in two queries."""
    attempts = Counter[str](
        dict(
            of_days(AttemptCell.objects.all(), asked).values_list("model").annotate(Sum("attempts"))
        )
    )
    kinds = _kinds(tallied(asked, Subject.ERROR, Subject.STOP_REASON))
    failed = sum(number for number, _ in kinds.values())
    return Table(
        columns=(
            Column("model", "Model", Kind.MODEL),
            Column("failure", "What went wrong"),
            Column("attempts", "Requests", Kind.COUNT, "Requests to this model that ended so."),
            Column("share", "Share", Kind.SHARE, "Of all requests to this model."),
            Column("last_at", "Last (UTC)", Kind.MOMENT),
        ),
        rows=tuple(
            (model, str(failure), number, share(number, attempts[model]), last_at)
            for (model, failure), (number, last_at) in sorted(
                kinds.items(), key=lambda item: (item[0][0], FAILURES.index(item[0][1]))
            )
        ),
        total=("All", "", failed, share(failed, attempts.total()), None),
        note="One line for each model and kind of failure. Most failures are mended by another try or another model: "
        "how replies were come by says what was left of them.",
        empty="No request failed in this time.",
    )


def _kinds(found: Iterable[Tallied]) -> dict[tuple[str, Failure], tuple[int, datetime]]:
    """How many of each kind there were by model, and when the last one was."""
    kinds: dict[tuple[str, Failure], tuple[int, datetime]] = {}
    for each in found:
        is_error = each.subject is Subject.ERROR
        failure = failure_of(each.value) if is_error else failure_of_stop(each.value)
        if failure:
            before, last_at = kinds.get((each.model, failure), (0, each.last_at))
            kinds[each.model, failure] = before + each.number, max(last_at, each.last_at)
    return kinds


def obtained(asked: Asked) -> Table:
    """Calls by how their reply was come by, a line a feature, in two queries."""
    ways: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for each in tallied(asked, Subject.OBTAINED):
        ways[each.feature][each.value] += each.number
    sums = ("calls", "failed", "running")
    cells = of_days(CallCell.objects.all(), asked).values_list("feature").annotate(*map(Sum, sums))
    for feature, *numbers in cells:
        ways[feature].update(dict(zip(sums, numbers, strict=True)))
    everything = sum(ways.values(), Counter[str]())
    return Table(
        columns=(
            Column("feature", "Feature", Kind.FEATURE),
            Column("calls", "Calls", Kind.COUNT),
            *(Column(way.value, way.label, Kind.SHARE, "Of the calls.") for way in Obtained),
            Column("unanswered", "No answer", Kind.SHARE, "Skipped, and caught up later."),
            Column("running", "Running", Kind.SHARE, "Not ended yet."),
        ),
        rows=tuple(_way_row(feature, ways[feature]) for feature in FEATURES if feature in ways),
        total=_way_row("All", everything),
        note="Shares of each feature's calls. Stored and shared replies cost nothing. Without an answer a ticket is marked as "
        "skipped and caught up later; a draft shows an older or a canned text that says so.",
        empty="No call was made in this time.",
    )


def _way_row(name: str, numbers: Counter[str]) -> tuple[Any, ...]:
    names = (*Obtained.values, "failed", "running")
    return (name, numbers["calls"], *(share(numbers[way], numbers["calls"]) for way in names))


def unanswered(asked: Asked) -> Table:
    """Calls without an answer, by feature and reason, in two queries."""
    calls = dict(
        of_days(CallCell.objects.all(), asked).values_list("feature").annotate(Sum("calls"))
    )
    numbers: Counter[tuple[str, Failure]] = Counter()
    for each in tallied(asked, Subject.CALL_ERROR):
        numbers[each.feature, failure_of(each.value)] += each.number
    ordered = sorted(numbers, key=lambda key: (FEATURES.index(key[0]), FAILURES.index(key[1])))
    return Table(
        columns=(
            Column("feature", "Feature", Kind.FEATURE),
            Column("failure", "Why there was no answer"),
            Column("calls", "Calls", Kind.COUNT),
            Column("share", "Share", Kind.SHARE, "Of all calls of this feature."),
        ),
        rows=tuple(
            (key[0], str(key[1]), numbers[key], share(numbers[key], calls.get(key[0], 0)))
            for key in ordered
        ),
        note="What the last request of the call met with, or what stopped it before any request.",
        empty="Every call that has ended got an answer.",
    )


def stop_reasons(asked: Asked) -> Table:
    """Answers by model and stop reason, in one query."""
    numbers: Counter[tuple[str, str]] = Counter()
    for each in tallied(asked, Subject.STOP_REASON):
        numbers[each.model, each.value] += each.number
    answers: Counter[str] = Counter()
    for (model, _), number in numbers.items():
        answers[model] += number
    return Table(
        columns=(
            Column("model", "Model", Kind.MODEL),
            Column("stop_reason", "Stop reason"),
            Column("meaning", "What it means"),
            Column("attempts", "Answers", Kind.COUNT),
            Column("share", "Share", Kind.SHARE, "Of this model's answers."),
        ),
        rows=tuple(
            (model, stop, MEANINGS.get(stop, "Unknown"), number, share(number, answers[model]))
            for (model, stop), number in sorted(numbers.items())
        ),
        note="Why Claude stopped writing. An answer that is refused or cut was paid for and is not used.",
        empty="No answer came in this time.",
    )


def streams(asked: Asked) -> Table:
    """Drafts by how their stream ended, in one query."""
    numbers: Counter[str] = Counter()
    last: dict[str, datetime] = {}
    for each in tallied(replace(asked, feature=None), Subject.STREAM):
        numbers[each.value] += each.number
        last[each.value] = max(last.get(each.value, each.last_at), each.last_at)
    return Table(
        columns=(
            Column("ending", "Ending"),
            Column("meaning", "What it means"),
            Column("drafts", "Drafts", Kind.COUNT),
            Column("share", "Share", Kind.SHARE, "Of all drafts of these days."),
            Column("last_at", "Last (UTC)", Kind.MOMENT),
        ),
        rows=tuple(_stream_rows(numbers, last)),
        note="Whatever a stream brought before it broke is kept and shown; nothing is begun anew behind anybody's back.",
        empty="No draft was streamed in this time.",
    )


def _stream_rows(numbers: Counter[str], last: dict[str, datetime]) -> Iterator[tuple[Any, ...]]:
    for ending, number in numbers.most_common():
        meaning = STREAMS.get(ending) or str(failure_of(ending))
        yield ending, meaning, number, share(number, numbers.total()), last[ending]


REPORTS: tuple[Report, ...] = (
    Report(
        "health-errors",
        "Requests that failed",
        "Attempts that failed, by model and by what went wrong.",
        errors,
        BOTH,
    ),
    Report(
        "health-obtained",
        "How replies were come by",
        "Each feature's calls: answered at once, after a retry, by a fallback, from what is stored, or not.",
        obtained,
        BOTH,
    ),
    Report(
        "health-unanswered",
        "Calls without an answer",
        "Why calls got no answer, by feature.",
        unanswered,
        BOTH,
    ),
    Report(
        "health-stop-reasons",
        "How answers ended",
        "Answers by model and stop reason.",
        stop_reasons,
        BOTH,
    ),
    Report(
        "health-streams",
        "How streams ended",
        "Drafts by how their stream ended.",
        streams,
        frozenset({Filter.MODEL}),
    ),
    *health_now.REPORTS,
    *reconciled.REPORTS,
)
