"""An evaluation's figures as JSON, with money in nano-dollars, and its tickets as CSV, with money in dollars."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any

from triage.models import Evaluation
from triage.services.evaluation.cases import Case, Said
from triage.services.evaluation.reading import cases_of, is_simulated
from triage.types import usd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
OF_TICKET = ("number", "text", "known_label", "part", "is_simulated")
OF_ANSWER = (
    "first_label",
    "first_confidence",
    "first_calibrated",
    "strong_label",
    "strong_confidence",
    "strong_calibrated",
    "label",
    "stage",
    "right",
    "cost_usd",
)


def as_json(evaluation: Evaluation) -> str:
    """`{"evaluation": …, "results": …}`; results are null until it is done."""
    told = {"evaluation": _told(evaluation), "results": evaluation.results}
    return json.dumps(told, ensure_ascii=False, indent=2)


def _told(evaluation: Evaluation) -> Mapping[str, Any]:
    return {
        "id": evaluation.pk,
        "name": evaluation.name,
        "source": evaluation.source,
        "source_name": evaluation.source_name,
        "state": evaluation.state,
        "is_batch": evaluation.is_batch,
        "seed": evaluation.seed,
        "configurations": evaluation.configurations,
        "findings": evaluation.findings,
        "quote": evaluation.quote,
        "budget_nanousd": evaluation.budget_nanousd,
        "created_at": _iso(evaluation.created_at),
        "started_at": _iso(evaluation.started_at),
        "finished_at": _iso(evaluation.finished_at),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def csv_rows(evaluation: Evaluation) -> Iterator[str]:
    """Lines with a head, a ticket a row, in order of number; the columns of each configuration begin with its name.

    A text that a spreadsheet would run as a formula is defused by an apostrophe.
    """
    names = [str(each["name"]) for each in evaluation.configurations]
    runs = [
        {case.number: case for case in cases_of(evaluation, configuration=place)}
        for place in range(len(names))
    ]
    yield _line(
        [*OF_TICKET, *(f"{name.lower()}_{column}" for name in names for column in OF_ANSWER)]
    )
    for number in sorted({number for run in runs for number in run}):
        yield _line(_row([run.get(number) for run in runs], is_simulated=is_simulated(evaluation)))


def _row(cases: Sequence[Case | None], *, is_simulated: bool) -> list[object]:
    ticket = next(case for case in cases if case)
    answers = (cell for case in cases for cell in _answers(case))
    return [
        ticket.number,
        _defused(ticket.text),
        _defused(ticket.truth),
        ticket.part.value,
        "yes" if is_simulated else "no",
        *answers,
    ]


def _answers(case: Case | None) -> Sequence[object]:
    """Empty for a ticket that the configuration has not answered yet."""
    if case is None:
        return [""] * len(OF_ANSWER)
    decided = case.decided
    return (
        *_said(case.first),
        *_said(case.strong),
        _defused(decided.label) if decided else "",
        case.stage.value,
        "yes" if case.is_right else "no",
        f"{usd(case.cost_nanousd):.9f}",
    )


def _said(said: Said | None) -> tuple[object, object, object]:
    if said is None:
        return "", "", ""
    return _defused(said.label), said.confidence, "" if said.calibrated is None else said.calibrated


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _line(cells: Sequence[object]) -> str:
    buffer = StringIO(newline="")
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
