"""What people made of the decisions: by label, stage and confidence."""

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

from triage.models import Label, Stage
from triage.selectors import quality
from triage.selectors.intervals import Share
from triage.selectors.quality import Sums, sums_by, total
from triage.selectors.tables import About, Asked, Column, Filter, Kind, Report, Table
from triage.selectors.track_record import BANDS

PAIRS_AT_MOST = 20
UNNAMED = "none named"
NO_RUNS = (
    "No ticket was triaged in this time. Once some are, it stands here how often people agreed."
)
NOT_JUDGED = (
    "Nobody has judged a decision of this time: people do by accepting a label or choosing another."
)
TEAM = frozenset({Filter.TEAM})

LABEL = Column("label", "Label")
RUNS = Column(
    "runs", "Runs", Kind.COUNT, "Finished runs; a ticket that was run again counts again."
)
JUDGED = Column("judged", "Judged", Kind.COUNT, "Runs whose label a person accepted or changed.")
RIGHT = Column("right", "Right", Kind.COUNT, "Judged runs whose label was accepted.")
ACCURACY = (
    Column("accuracy", "Accuracy", Kind.SHARE, "Right of the judged ones."),
    Column("accuracy_low", "At least", Kind.SHARE, "The lower end of its 95 % interval (Wilson)."),
    Column("accuracy_high", "At most", Kind.SHARE, "The upper end of its 95 % interval (Wilson)."),
)
CONFIDENCE = Column(
    "mean_confidence",
    "Mean confidence",
    Kind.NUMBER,
    "What decided: 0 to 1, calibrated where a calibrator is in use.",
)


def by_label(asked: Asked) -> Table:
    corrected = _corrected_most(asked) if asked.team_id is None else {}
    sums = _most_first(sums_by("label", asked))
    columns = (
        LABEL,
        RUNS,
        Column("applied", "Applied", Kind.COUNT, "Set without anybody's help."),
        Column("suggested", "Suggested", Kind.COUNT, "Shown to a person to accept."),
        Column("withheld", "Withheld", Kind.COUNT, "Too unsure to be suggested."),
        JUDGED,
        RIGHT,
        *ACCURACY,
        CONFIDENCE,
        Column(
            "corrected_to",
            "Corrected to most often",
            about="Over all teams; left out where one team is asked for.",
        ),
    )
    return Table(
        columns,
        rows=tuple(
            (*_decided(label or UNNAMED, each), corrected.get(label))
            for label, each in sums.items()
        ),
        total=(*_decided("All", total(sums.values())), None) if sums else None,
        abouts=tuple(_tickets_now(sums)),
        note="The label is the one that triage decided on. Where few were judged, the true accuracy may lie anywhere"
        " from “at least” to “at most”. A label leads to the tickets that have it now.",
        empty=NO_RUNS,
    )


def by_stage(asked: Asked) -> Table:
    sums = sums_by("stage", asked)
    columns = (
        Column("stage", "Decided by"),
        RUNS,
        JUDGED,
        RIGHT,
        *ACCURACY,
        Column(
            "cost_per_run", "Cost per run", Kind.MONEY, "Of both models, where both were asked."
        ),
    )
    return Table(
        columns,
        rows=tuple(_staged(stage.label, sums[stage]) for stage in Stage if stage in sums),
        total=_staged("All", total(sums.values())) if sums else None,
        note="The local model answers alone what it is proven for, and the strong model gets the tickets that the first one is"
        " unsure of, so the accuracies are not of equally hard tickets. “Nobody”: no model gave an answer that could be used.",
        empty=NO_RUNS,
    )


def escalation(asked: Asked) -> Table:
    sums = {label: s for label, s in sums_by("label", asked).items() if s.escalated}
    columns = (
        LABEL,
        Column("escalated", "Escalated", Kind.COUNT, "Runs that the strong model was to decide."),
        Column("changed", "Changed", Kind.COUNT, "The strong model named another label."),
        Column("changed_judged", "Judged", Kind.COUNT, "Changed ones that a person judged."),
        Column("changed_right", "Agreed", Kind.COUNT, "A person accepted the change."),
        Column(
            "first_right",
            "First was right",
            Kind.COUNT,
            "A person chose the label that the first model had named.",
        ),
        Column("cost", "Cost", Kind.MONEY, "Of the escalated runs, both models."),
        Column(
            "cost_per_changed_right",
            "Per changed and right",
            Kind.MONEY,
            "The cost divided by the changed runs, times the share of the judged changes that people agreed with.",
        ),
    )
    ranked = sorted(sums, key=lambda label: -sums[label].escalated_nanousd)
    return Table(
        columns,
        rows=tuple(_escalated(label or UNNAMED, sums[label]) for label in ranked),
        total=_escalated("All", total(sums.values())) if sums else None,
        note="The label is the one decided in the end. A hand-up earns its price where the strong model changes the"
        " label and people agree; where the first model had been right all along, it only cost.",
        empty="No ticket was handed to the strong model in this time.",
    )


def calibration(asked: Asked) -> Table:
    sums = sums_by("band", asked)
    bands = range(len(BANDS)) if any(sums.get(band) for band in range(len(BANDS))) else ()
    columns = (
        Column(
            "confidence",
            "Confidence",
            about="What the deciding model said, calibrated where a calibrator is in use.",
        ),
        RUNS,
        CONFIDENCE,
        JUDGED,
        RIGHT,
        *ACCURACY,
    )
    return Table(
        columns,
        rows=tuple(_sure(band, sums.get(band, Sums())) for band in bands),
        note="A model whose confidence can be trusted is right as often as it says: of labels with a confidence of 0.90,"
        " nine in ten. A band counts from its lower end up to, and without, its upper one.",
        empty=NO_RUNS,
    )


def confusions(asked: Asked) -> Table:
    pairs = list(quality.confusions(asked)[:PAIRS_AT_MOST])
    numbers = _label_numbers()
    return Table(
        columns=(
            Column("label", "Decided"),
            Column("corrected_to", "Should have been"),
            Column("runs", "Times", Kind.COUNT),
        ),
        rows=tuple((label or UNNAMED, right, runs) for label, right, runs in pairs),
        abouts=tuple(_mistaken(numbers.get(a), numbers.get(b)) for a, b, _ in pairs),
        note=f"The {PAIRS_AT_MOST} pairs that people corrected most often, of all teams. Two labels that are taken for each"
        " other need clearer descriptions, or are one. A row leads to its tickets.",
        empty="Nobody has changed a label that triage decided on in this time.",
    )


def by_day(asked: Asked) -> Table:
    sums = sums_by("starts_at", asked)
    days = sorted((at for at in sums if sums[at].judged), reverse=True)
    return Table(
        columns=(Column("day", "UTC day", Kind.DAY), JUDGED, RIGHT, *ACCURACY),
        rows=tuple(
            (at.astimezone(UTC).date(), sums[at].judged, sums[at].right, *_share(sums[at].accuracy))
            for at in days
        ),
        note="By the day on which the run ended, whenever it was judged: the newest days may still change.",
        empty=NOT_JUDGED,
    )


def _share(share: Share) -> tuple[float | None, float | None, float | None]:
    """The share and its interval."""
    interval = share.interval
    return (share.value, interval.low, interval.high) if interval else (None, None, None)


def _decided(label: str, sums: Sums) -> tuple[Any, ...]:
    counts = (sums.runs, sums.applied, sums.suggested, sums.withheld, sums.judged, sums.right)
    return (label, *counts, *_share(sums.accuracy), sums.mean_confidence)


def _staged(stage: Any, sums: Sums) -> tuple[Any, ...]:
    return (
        str(stage),
        sums.runs,
        sums.judged,
        sums.right,
        *_share(sums.accuracy),
        sums.run_nanousd,
    )


def _escalated(label: str, sums: Sums) -> tuple[Any, ...]:
    changed = (sums.changed, sums.changed_judged, sums.changed_right, sums.first_right)
    money = (sums.escalated_nanousd, sums.changed_right_nanousd)
    return (label, sums.escalated, *changed, *money)


def _sure(band: int, sums: Sums) -> tuple[Any, ...]:
    low, high = BANDS[band]
    counts = (sums.runs, sums.mean_confidence, sums.judged, sums.right)
    return (f"{low:.2f} to {high:.2f}", *counts, *_share(sums.accuracy))


def _most_first(sums: Mapping[str, Sums]) -> dict[str, Sums]:
    return dict(sorted(sums.items(), key=lambda item: (-item[1].runs, item[0])))


def _corrected_most(asked: Asked) -> dict[str, str]:
    """What each label was corrected to most often."""
    most: dict[str, str] = {}
    for label, right, _ in quality.confusions(asked):
        most.setdefault(label, right)
    return most


def _label_numbers() -> dict[str, int]:
    return dict(Label.objects.values_list("slug", "pk"))


def _tickets_now(slugs: Mapping[str, Sums]) -> Iterator[About | None]:
    numbers = _label_numbers() if slugs else {}
    for slug in slugs:
        query = (("label__id__exact", str(numbers[slug])),) if slug in numbers else ()
        yield About("admin:triage_ticket_changelist", query=query) if query else None


def _mistaken(decided: int | None, right: int | None) -> About | None:
    """The tickets whose newest run named the one label, and which people gave the other."""
    if decided is None or right is None:
        return None
    query = (("label__id__exact", str(right)), ("suggested_label__id__exact", str(decided)))
    return About("admin:triage_ticket_changelist", query=query)


REPORTS: tuple[Report, ...] = (
    Report(
        "quality-by-label",
        "Decisions by label",
        "How each label was decided, and how often people agreed.",
        by_label,
        TEAM,
    ),
    Report(
        "quality-by-stage",
        "Decisions by stage",
        "How often each stage was right, and what a run cost.",
        by_stage,
        TEAM,
    ),
    Report(
        "quality-escalation",
        "What escalating brings",
        "How often the strong model changed a label, whether people agreed, and what that cost.",
        escalation,
        TEAM,
    ),
    Report(
        "quality-calibration",
        "Confidence against truth",
        "How often labels of a confidence were right.",
        calibration,
        TEAM,
    ),
    Report(
        "quality-confusions",
        "Labels taken for others",
        "What was decided, and what people say it should have been.",
        confusions,
    ),
    Report(
        "quality-by-day",
        "Judged by day",
        "How many runs of each day were judged, and how many of them were right.",
        by_day,
        TEAM,
    ),
)
