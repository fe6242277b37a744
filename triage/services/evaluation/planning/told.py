"""An outlook as text, with its tables in Markdown."""

from collections.abc import Iterator

from triage.services.evaluation.planning.fields import FIELDS
from triage.services.evaluation.planning.outlook import Outlook
from triage.services.evaluation.planning.plans import Row
from triage.services.evaluation.planning.words import (
    ASSUMPTIONS,
    FORMULA,
    audits,
    dated,
    remarks,
)
from triage.types import usd


def told(outlook: Outlook) -> str:
    return "\n".join([*_head(outlook), "", *_plans(outlook), "", *_foot(outlook)])


def _head(outlook: Outlook) -> Iterator[str]:
    if outlook.is_simulated:
        yield "SIMULATED: answers here come from the built-in simulator, not from Claude."
    first, strong = outlook.models.first, outlook.models.strong
    yield f"{first.name} first, {strong.name} for what is hard. {dated(outlook)}"
    yield ""
    yield "| input | value | from | which is | option |"
    yield "|---|---|---|---|---|"
    for field in FIELDS:
        figure = outlook.figures[field.name]
        value = field.show(figure.value)
        yield f"| {field.title} | {value} | {figure.origin} | {figure.words} | {field.option} |"
    yield ""
    yield FORMULA


def _plans(outlook: Outlook) -> Iterator[str]:
    first, strong = outlook.rows[0].plan.name, outlook.rows[1].plan.name
    yield f"{outlook.inputs.tickets:,.0f} tickets; shares of “{first}” and of “{strong}”."
    yield ""
    yield "| plan | cost | of naive | of cached and batched | remark |"
    yield "|---|---|---|---|---|"
    yield from map(_row, outlook.rows)


def _row(row: Row) -> str:
    return (
        f"| {row.plan.name} | ${usd(row.nanousd):,.2f} | {row.of_naive:.1%} | {row.of_fair:.1%} | "
        f"{'; '.join(row.remarks)} |"
    )


def _foot(outlook: Outlook) -> Iterator[str]:
    for sentence in (*ASSUMPTIONS, *remarks(outlook), audits(outlook)):
        yield f"- {sentence}"
