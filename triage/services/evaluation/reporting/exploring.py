"""Which labels may stand without a person, and the explorer of thresholds."""

from collections.abc import Mapping, Sequence
from typing import Any

from triage.services.evaluation.reporting.blocks import (
    Block,
    Cell,
    Explorer,
    Head,
    Note,
    Section,
    Stop,
    Table,
)
from triage.services.evaluation.reporting.formats import (
    NOTHING,
    bound,
    confidence,
    dollars,
    interval,
    percent,
    share,
)
from triage.services.evaluation.reporting.pictures import highest_error, place, risk

Json = Mapping[str, Any]
GROUPS = {
    "easy": "Easy",
    "hard": "Hard: always escalated, or often wrong",
    "rare": "Rare: hardly seen",
}
TITLES = (
    "Threshold",
    "Stand without a person",
    "Wrong per 1,000 tickets",
    "People’s minutes per 1,000",
    "Cost per 1,000",
)
UNTESTED, PROVEN, UNPROVEN = "untested", "proven", "unproven"
STATES = {
    UNTESTED: "not tested: too few labels stand",
    PROVEN: "the promise is proven",
    UNPROVEN: "not proven",
}


def threshold_section(told: Json, *, promise: Json, minutes: float) -> Section:
    """The thresholds proven by group, what came of them, labels to escalate always, and the explorer."""
    recommendation = told["recommendation"]
    blocks: list[Block] = [
        Note(
            _verdict(recommendation, promise),
            "info" if recommendation["is_certified"] else "warning",
        ),
        _groups(recommendation),
        *_always(recommendation),
    ]
    if told["sweep"]:
        blocks.append(_explorer(told, promise=promise, minutes=minutes))
    return Section(f"thresholds-{told['name']}", "What may stand without a person", tuple(blocks))


def _verdict(recommendation: Json, promise: Json) -> str:
    asked = f"at most {bound(promise['target'])} wrong, with {bound(1 - promise['d'])} confidence"
    if not recommendation["is_certified"]:
        why = recommendation["words"] or "the tickets do not prove it for any group of labels"
        return f"Nothing is proven ({asked}): {why}."
    return (
        f"Proven on the tickets for choosing ({asked}). On the report’s tickets, which neither fit nor choice has seen,"
        f" {share(recommendation['coverage'])} would stand, and {_errors(recommendation['errors'])} of those are wrong."
    )


def _errors(told: Json) -> str:
    return f"{share(told)}, {interval(told)}" if told["whole"] else "none"


def _groups(recommendation: Json) -> Table:
    """A row a group, with what is missing where it is refused."""
    heads = (
        Head("Labels"),
        Head("Which"),
        Head("From", True, "The chance of being right from which on a label stands."),
        Head("Judged", True, "Tickets for choosing that got such a label."),
        Head("Stand", True),
        Head("Wrong", True),
        Head("At most wrong", True, "The bound that is proven."),
        Head("Labels missing", True, "Judged tickets of this group that it would take, about."),
        Head("In words"),
    )
    rows = tuple(_group(each) for each in recommendation["groups"] if each["labels"])
    means = (
        "of being right, calibrated" if recommendation["speaks_of"] == "calibrated" else "as stated"
    )
    note = (
        f"“From” is a confidence {means}. Groups share the {bound(recommendation['d'])} chance of error. “Labels missing” are"
        " counted in the part that chooses, half of all tickets."
    )
    return Table("Groups of labels", heads, rows, note=note, empty="There are no labels.")


def _group(group: Json) -> tuple[Cell, ...]:
    missing = f"{group['missing']:,}" if group["missing"] else NOTHING
    return (
        Cell(GROUPS[group["group"]]),
        Cell(_some(group["labels"]), kind="results-wide"),
        Cell(confidence(group["threshold"]), True),
        Cell(f"{group['tickets']:,}", True),
        Cell(f"{group['answered']:,}", True),
        Cell(f"{group['errors']:,}", True),
        Cell(percent(group["upper_error"]), True),
        Cell(missing, True),
        Cell(group["words"], kind="results-wide"),
    )


def _some(labels: Sequence[str], most: int = 6) -> str:
    more = f" and {len(labels) - most} more" if len(labels) > most else ""
    return ", ".join(labels[:most]) + more


def _always(recommendation: Json) -> Sequence[Block]:
    """Labels whose sure first answers are too often wrong; of all tickets but the report's."""
    proposed = recommendation["always_escalate"]
    if not proposed:
        return ()
    rows = tuple(
        (
            Cell(each["name"]),
            Cell(share(each["errors"]), True),
            Cell(percent(each["upper_error"]), True),
        )
        for each in proposed
    )
    heads = (
        Head("Better always escalated, until more is known"),
        Head("Sure and wrong", True),
        Head("At most", True),
    )
    note = "Sure answers of the first model, on the tickets for calibrating and choosing."
    return (Table("Labels to escalate always", heads, rows, note=note),)


def _explorer(told: Json, *, promise: Json, minutes: float) -> Explorer:
    sweep: Sequence[Json] = told["sweep"]
    top = highest_error(sweep, promise["target"])
    return Explorer(
        name=told["name"],
        titles=TITLES,
        stops=tuple(_stop(point, top) for point in sweep),
        chosen=_chosen(sweep),
        picture=risk(sweep, target=promise["target"]),
        note=(
            "One threshold for all labels, on the tickets for choosing; labels that are always escalated do not stand. Solid:"
            f" wrong ones; dotted: the bound at {bound(1 - promise['d'])} of a single threshold; dashed: what is asked for."
            f" People’s time: {in_minutes(minutes)} for each label that does not stand. Cost: an estimate, with what each"
            " threshold would escalate."
        ),
    )


def in_minutes(minutes: float) -> str:
    return "1 minute" if minutes == 1 else f"{minutes:g} minutes"


def _chosen(sweep: Sequence[Json]) -> int:
    """The loosest one proven; else the loosest of all."""
    proven = [number for number, point in enumerate(sweep) if point["is_certified"]]
    return proven[-1] if proven else len(sweep) - 1


def _stop(point: Json, top: float) -> Stop:
    x, y = place(point, top)
    state = PROVEN if point["is_certified"] else UNPROVEN if point["is_tested"] else UNTESTED
    return Stop(
        threshold=confidence(point["threshold"]),
        figures=(
            percent(point["coverage"]),
            f"{point['errors_per_1000']:.1f} (at most {point['errors_per_1000_at_most']:.1f})",
            f"{point['review_minutes_per_1000']:,.0f}",
            dollars(point["cost_nanousd_per_1000"]),
        ),
        state=state,
        words=STATES[state],
        x=x,
        y=y,
    )
