"""The main figures of the configurations, side by side."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from triage.services.evaluation.reporting.blocks import Cell, Head, Note, Section, Table
from triage.services.evaluation.reporting.formats import (
    NOTHING,
    bound,
    confidence,
    dollars,
    interval,
    milliseconds,
    percent,
    share,
    value_of,
)
from triage.services.gateway.catalog import name_of

Json = Mapping[str, Any]
Tell = Callable[[Json], str]
DECIDING = {
    "own": "confidence, calibrated on these tickets",
    "in_use": "confidence, as calibrated now",
    "stated": "confidence, as stated",
}
OF_ALL, OF_REPORT = "all tickets", "the report’s tickets"


def overview_section(results: Json) -> Section:
    told = results["configurations"]
    heads = (Head("Figure"), *(Head(_title(each, told), True) for each in told), Head("Of"))
    rows = tuple(
        (Cell(name), *(Cell(tell(each), True) for each in told), Cell(of))
        for name, tell, of in _figures()
    )
    table = Table("Figures side by side", heads, rows, note=NOTE)
    compared = results["compared"]
    if compared is None:
        return Section("figures", "Figures", (table,))
    return Section("figures", "Side by side", (Note(compared["sentence"], "info"), table))


NOTE = (
    "Intervals are Clopper and Pearson’s, at 95 %. “Sure” is a confidence from the threshold in force on, for a label that is not"
    " always escalated. Macro-F1 counts each label the same. The calibration error compares confidences with what came of them,"
    " in bins of equally many tickets: 0 is perfect."
)


def _title(told: Json, all_: Iterable[Json]) -> str:
    return f"Configuration {told['name']}" if len(list(all_)) > 1 else "Result"


def _figures() -> tuple[tuple[str, Tell, str], ...]:
    return (
        ("Asks", _models, ""),
        ("Decided by", _deciding, ""),
        ("Threshold in force", lambda told: confidence(told["configuration"]["apply"]), ""),
        ("Right labels", lambda told: _with_interval(told["accuracy"]), OF_ALL),
        ("Right label first or second", lambda told: _with_interval(told["top_2"]), OF_ALL),
        ("Macro-F1", lambda told: f"{told['macro_f1']:.3f}", OF_ALL),
        ("No usable answer", _unanswered, OF_ALL),
        ("Sure", lambda told: _with_interval(told["coverage"]), OF_ALL),
        ("Wrong among those", lambda told: _with_interval(told["errors"]), OF_ALL),
        ("Escalated", lambda told: share(told["escalated"]), OF_ALL),
        (
            "Cost per 1,000 tickets",
            lambda told: dollars(1_000 * told["cost_per_ticket_nanousd"]),
            OF_ALL,
        ),
        ("Cost of what the rule asked", lambda told: dollars(told["cost_nanousd"]), OF_ALL),
        ("Answered within, half of them", lambda told: _latency(told, "p50"), OF_ALL),
        ("Answered within, 95 %", lambda told: _latency(told, "p95"), OF_ALL),
        ("Calibration error as stated", lambda told: _ece(told["reliability"]), OF_ALL),
        (
            "Calibration error, calibrated",
            lambda told: _ece(told["calibration"]["after"]),
            OF_REPORT,
        ),
        ("Proven to stand without a person", _proven, OF_REPORT),
    )


def _models(told: Json) -> str:
    asked = told["configuration"]
    names = [name_of(asked[key]) for key in ("first_model", "strong_model") if asked[key]]
    more = [f"{asked['tickets_a_call']} tickets a call"] if asked["tickets_a_call"] > 1 else []
    more += ["the strong one always"] if asked["asks_strong_always"] else []
    more += ["with an instruction of its own"] if asked["instruction"] else []
    return ", ".join([", then ".join(names), *more])


def _deciding(told: Json) -> str:
    return DECIDING[told["calibration"].get("decides", "stated")]


def _with_interval(told: Json) -> str:
    if not told["whole"]:
        return NOTHING
    return f"{percent(value_of(told))} ({interval(told)})"


def _unanswered(told: Json) -> str:
    return f"{told['accuracy']['whole'] - told['answered']:,}"


def _latency(told: Json, key: str) -> str:
    return milliseconds(told["latency_ms"][key]) if told["latency_ms"] else "asked in a batch"


def _ece(told: Json | None) -> str:
    return NOTHING if told is None or told["ece"] is None else f"{told['ece']:.3f}"


def _proven(told: Json) -> str:
    recommendation = told["recommendation"]
    if not recommendation["is_certified"]:
        return "none"
    target = f"at most {bound(recommendation['target'])} wrong"
    return f"{percent(value_of(recommendation['coverage']))}, {target}"
