"""The tickets of an evaluation behind a cell of its confusion matrix: `?truth=refund&chosen=invoice&configuration=0`.

`*` and a name that is not there stand for any label, an empty `chosen` for no usable answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.urls import reverse

from triage.admin.evaluations import get_evaluation
from triage.admin.formats import dollars
from triage.admin.pages import AdminPage
from triage.services.evaluation import reading
from triage.services.evaluation.cases import Case, Said

PER_PAGE = 25
ANY = "*"
NO_ANSWER = "No usable answer"


@dataclass(frozen=True, slots=True)
class Asked:
    truth: str
    chosen: str
    configuration: int

    @property
    def query(self) -> str:
        names = {"truth": self.truth, "chosen": self.chosen, "configuration": self.configuration}
        return f"{urlencode(names)}&"

    def fits(self, case: Case) -> bool:
        chosen = case.decided.label if case.decided else ""
        return self.truth in (ANY, case.truth) and self.chosen in (ANY, chosen)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one configuration made of the ticket, stage by stage, as text to show."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    number: int
    text: str
    truth: str
    answers: tuple[Answer, ...]
    address: str


class EvaluationTickets(AdminPage):
    title = "Tickets"
    template_name = "admin/evaluations/tickets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        evaluation = get_evaluation(kwargs["pk"])
        names = [each["name"] for each in evaluation.configurations]
        asked = self._asked(len(names))
        sides = [reading.cases_of(evaluation, configuration=place) for place in range(len(names))]
        found = [case for case in sides[asked.configuration] if asked.fits(case)]
        page = Paginator(found, PER_PAGE).get_page(self.request.GET.get("page"))
        others = [{case.number: case for case in side} for side in sides]
        context = super().get_context_data(
            **kwargs,
            evaluation=evaluation,
            asked=asked,
            names=names,
            labels=_labels(sides[asked.configuration]),
            page=page,
            query=asked.query,
            tickets=[_shown(case.number, names, others) for case in page],
        )
        return context | {"title": f"Tickets of {evaluation.name}"}

    def _asked(self, configurations: int) -> Asked:
        asked = self.request.GET
        place = asked.get("configuration", "0")
        is_known = place in {str(number) for number in range(configurations)}
        return Asked(
            asked.get("truth", ANY)[:200],
            asked.get("chosen", ANY)[:200],
            int(place) if is_known else 0,
        )


def _labels(cases: Iterable[Case]) -> list[str]:
    known = {case.truth for case in cases}
    return sorted(known | {case.decided.label for case in cases if case.decided})


def _shown(number: int, names: Sequence[str], sides: Sequence[dict[int, Case]]) -> Shown:
    cases = [
        (name, side[number]) for name, side in zip(names, sides, strict=True) if number in side
    ]
    case = cases[0][1]
    is_there = case.ticket_id is not None
    return Shown(
        number=number,
        text=case.text,
        truth=case.truth,
        answers=tuple(Answer(name, _in_words(each)) for name, each in cases),
        address=reverse("admin:triage_ticket_change", args=[case.ticket_id]) if is_there else "",
    )


def _in_words(case: Case) -> str:
    """Such as "invoice (0.71), escalated: confidence 0.71 is below 0.85, then refund (0.94); $0.0012; right"."""
    words = [_said(case.first, case.first_problem)]
    if case.escalation:
        words += [
            f"escalated: {case.escalation}",
            f"then {_said(case.strong, case.strong_problem)}",
        ]
    verdict = "right" if case.is_right else "wrong"
    return f"{', '.join(words)}; {dollars(case.cost_nanousd)}; {verdict}"


def _said(said: Said | None, problem: str) -> str:
    if said is None:
        return f"{NO_ANSWER.lower()}{f' ({problem})' if problem else ''}"
    return f"{said.label} ({said.confidence:.2f})"
