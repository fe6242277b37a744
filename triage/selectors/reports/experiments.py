"""How the variants of an experiment compare."""

from typing import Any

from django.db.models import QuerySet

from triage.models import Experiment, ExperimentState, Variant
from triage.selectors.intervals import Interval, difference, needed
from triage.selectors.quality import Sums, sums_by_variant
from triage.selectors.tables import Asked, Column, Kind, Report, Table

EMPTY = (
    "No experiment has begun by then. An experiment tries variants of the instruction after the ticket side by side; once one"
    " runs, it stands here how they compare."
)
COLUMNS = (
    Column("variant", "Variant"),
    Column("runs", "Runs", Kind.COUNT, "Finished runs that were asked with it."),
    Column("applied_share", "Applied", Kind.SHARE, "Of the runs: set without anybody's help."),
    Column("escalated_share", "Escalated", Kind.SHARE, "Of the runs: handed to the strong model."),
    Column("judged", "Judged", Kind.COUNT, "Runs whose label a person accepted or changed."),
    Column("right", "Right", Kind.COUNT, "Judged runs whose label was accepted."),
    Column("accuracy", "Accuracy", Kind.SHARE, "Right of the judged ones."),
    Column("accuracy_low", "At least", Kind.SHARE, "The lower end of its 95 % interval (Wilson)."),
    Column("accuracy_high", "At most", Kind.SHARE, "The upper end of its 95 % interval (Wilson)."),
    Column(
        "difference_points",
        "To the control",
        Kind.NUMBER,
        "Its accuracy less the control's, in percentage points.",
    ),
    Column(
        "difference_low",
        "At least",
        Kind.NUMBER,
        "The lower end of the difference's 95 % interval (Newcombe), in percentage points.",
    ),
    Column(
        "difference_high",
        "At most",
        Kind.NUMBER,
        "The upper end of the difference's 95 % interval (Newcombe), in percentage points.",
    ),
    Column("cost_per_run", "Cost per run", Kind.MONEY),
    Column("cost_per_run_low", "At least", Kind.MONEY, "The lower end of its 95 % interval."),
    Column("cost_per_run_high", "At most", Kind.MONEY, "The upper end of its 95 % interval."),
    Column("verdict", "What it says"),
    Column("experiment", "Experiment"),
)


def begun() -> QuerySet[Experiment]:
    """All that have begun, the running or else the newest one first."""
    return Experiment.objects.exclude(state=ExperimentState.PLANNED).order_by("-started_at")


def newest(asked: Asked) -> Table:
    """The results of the experiment that had begun last by the last day asked for."""
    experiment = begun().filter(started_at__lt=asked.period.ends_before).first()
    return results_of(experiment) if experiment else Table(COLUMNS, rows=(), empty=EMPTY)


def results_of(experiment: Experiment) -> Table:
    """A row for each variant, the control first, over all of the experiment's days. Two queries."""
    variants = sorted(experiment.variants.all(), key=lambda each: (bool(each.instruction), each.pk))
    found = sums_by_variant(
        [variant.pk for variant in variants], since=experiment.started_at or experiment.created_at
    )
    sums = [found.get(variant.pk, Sums()) for variant in variants]
    return Table(
        COLUMNS,
        rows=tuple(
            _row(variant, mine, control=sums[0])
            for variant, mine in zip(variants, sums, strict=True)
        ),
        note="Each row compares with the control's, which has the plain instruction. An interval of the difference that does"
        " not hold 0 tells a difference. One comparison in twenty does so by chance, and looking often makes that likelier.",
        empty=EMPTY,
    )


def verdict(sums: Sums, control: Sums) -> str:
    """What the figures say of a variant beside the control, in words."""
    found = difference(sums.accuracy, control.accuracy)
    if found is None:
        return (
            "No difference can be told yet: of this variant or of the control no ticket is judged."
        )
    if found.low > 0:
        return "Right more often than the control. Adopt it by hand."
    if found.high < 0:
        return "Right less often than the control."
    each = needed(sums.accuracy, control.accuracy)
    more = max(each - sums.judged, 0) + max(each - control.judged, 0)
    return f"No difference can be told yet: about {_rounded(max(more, 1)):,} more judged tickets are needed."


def _row(variant: Variant, sums: Sums, *, control: Sums) -> tuple[Any, ...]:
    is_control = not variant.instruction
    return (
        variant.name,
        sums.runs,
        _of_runs(sums.applied, sums),
        _of_runs(sums.escalated, sums),
        sums.judged,
        sums.right,
        sums.accuracy.value,
        *_ends(sums.accuracy.interval),
        *((None, None, None) if is_control else _difference(sums, control)),
        sums.run_nanousd,
        *_whole(sums.run_interval),
        "The control: what the others are compared with." if is_control else verdict(sums, control),
        variant.experiment.name,
    )


def _of_runs(part: int, sums: Sums) -> float | None:
    return part / sums.runs if sums.runs else None


def _difference(sums: Sums, control: Sums) -> tuple[float | None, ...]:
    """The difference of the accuracies and its interval, in percentage points."""
    found = difference(sums.accuracy, control.accuracy)
    if found is None:
        return (None, None, None)
    seen = sums.right / sums.judged - control.right / control.judged
    return (100 * seen, 100 * found.low, 100 * found.high)


def _ends(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def _whole(interval: Interval | None) -> tuple[int | None, int | None]:
    return (round(interval.low), round(interval.high)) if interval else (None, None)


def _rounded(number: int) -> int:
    """To two digits: more would pretend to know."""
    step: int = 10 ** max(len(str(number)) - 2, 0)
    return -(-number // step) * step


REPORTS: tuple[Report, ...] = (
    Report(
        "experiment-results",
        "How the variants compare",
        "The running experiment's variants, or the newest one's: how often they were right, and what they cost.",
        newest,
    ),
)
