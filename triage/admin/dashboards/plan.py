"""What so many tickets will cost, plan by plan. Its form is its address: nothing is saved and nobody is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import QueryDict

from triage.admin.dashboards.base import Dashboard
from triage.admin.formats import dollars
from triage.exceptions import InvalidInput, ModelNotPriced
from triage.selectors.tables import Asked
from triage.services.evaluation.planning import words
from triage.services.evaluation.planning.fields import FIELDS, Field
from triage.services.evaluation.planning.inputs import Figure, Origin, Value
from triage.services.evaluation.planning.outlook import Outlook, given, look
from triage.services.evaluation.planning.plans import Row

LEAST_BAR = 0.4  # of 100, so that the cheapest plan has one that can be seen


@dataclass(frozen=True, slots=True)
class Shown:
    """One input of the form. `origin` and `words` say where the value comes from that the plans were computed with."""

    field: Field
    text: str
    problem: str
    origin: str
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One plan's line; `length` is its share of the dearest bill, of 100."""

    name: str
    cost: str
    of_naive: str
    of_fair: str
    remarks: str
    length: float


class PlanPage(Dashboard):
    title = "Cost plan"
    template_name = "admin/dashboards/plan.html"
    filters = frozenset()
    has_days = False

    @cached_property
    def answers(self) -> tuple[dict[str, Value], dict[str, str]]:
        return read(self.request.GET)

    def figures(self, asked: Asked) -> dict[str, Any]:
        values, problems = self.answers
        try:
            outlook = look(given(values, "given in the form"))
        except ModelNotPriced as error:
            return {"unpriced": str(error)}
        return {
            "outlook": outlook,
            "fields": [_shown(field, self.request.GET, problems, outlook) for field in FIELDS],
            "problems": len(problems),
            "bars": bars(outlook),
            "tickets": f"{outlook.inputs.tickets:,.0f}",
            "baselines": [row.plan.name for row in outlook.rows[:2]],
            "formula": words.FORMULA,
            "remarks": [*words.remarks(outlook), *words.ASSUMPTIONS, words.audits(outlook)],
            "dated": words.dated(outlook),
        }


def read(query: QueryDict) -> tuple[dict[str, Value], dict[str, str]]:
    """The inputs that the address gives, and what is wrong with others, by their names. An empty one is not given."""
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    for field in FIELDS:
        text = query.get(field.name, "").strip()
        if not text:
            continue
        try:
            values[field.name] = field.read(text)
        except InvalidInput as error:
            problems[field.name] = error.message
    return values, problems


def bars(outlook: Outlook) -> list[Bar]:
    most = max(row.nanousd for row in outlook.rows)
    return [_bar(row, most) for row in outlook.rows]


def _bar(row: Row, most_nanousd: int) -> Bar:
    length = 100 * row.nanousd / most_nanousd
    return Bar(
        name=row.plan.name,
        cost=dollars(row.nanousd),
        of_naive=f"{row.of_naive:.1%}",
        of_fair=f"{row.of_fair:.1%}",
        remarks="; ".join(row.remarks),
        length=round(max(LEAST_BAR, length), 2),
    )


def _shown(field: Field, query: QueryDict, problems: Mapping[str, str], outlook: Outlook) -> Shown:
    """With what was written, also where it cannot be used; else with what is known."""
    figure: Figure = outlook.figures[field.name]
    is_known = figure.origin is not Origin.GIVEN
    text = query.get(field.name, "").strip()
    return Shown(
        field=field,
        text=text,
        problem=problems.get(field.name, ""),
        origin=f"{field.show(figure.value)}: {figure.origin}" if is_known else str(figure.origin),
        words=figure.words,
    )
