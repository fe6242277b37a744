"""What so many tickets will cost from now on: every plan's bill, with all that it rests on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings

from triage.models import Feature
from triage.services.evaluation.planning import reading
from triage.services.evaluation.planning.costs import priced
from triage.services.evaluation.planning.inputs import Figure, Inputs, Origin, Value
from triage.services.evaluation.planning.plans import (
    Models,
    Plan,
    Row,
    bill_nanousd,
    names,
    rows,
)
from triage.services.gateway.pricing import SOURCE
from triage.services.gateway.routes import route_of
from triage.types import NANOUSD_PER_USD


@dataclass(frozen=True, slots=True)
class Padding:
    """What it would save to fill a guide that is too short for the cache of `models` with examples; nano-dollars."""

    models: str
    floor_tokens: int
    live_nanousd: int
    batch_nanousd: int


@dataclass(frozen=True, slots=True)
class Audits:
    """What it costs that people look at automatic answers: a fixed number a week, and a share of all beside it."""

    fixed: int
    fixed_nanousd: int
    one_percent_nanousd: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """Every plan's bill at the prices of `priced_on`, and the inputs with where each is from."""

    figures: Mapping[str, Figure]
    inputs: Inputs
    models: Models
    rows: tuple[Row, ...]
    padding: tuple[Padding, ...]
    audits: Audits
    priced_on: date
    price_source: str
    is_simulated: bool


def given(values: Mapping[str, Value], words: str) -> dict[str, Figure]:
    return {name: Figure(value, Origin.GIVEN, words) for name, value in values.items()}


def look(figures: Mapping[str, Figure] | None = None) -> Outlook:
    """The outlook for this installation; `figures` go before what it knows itself.

    Raises:
        ModelNotPriced: Nobody knows the price of a model on the routes.
    """
    first, strong = (
        route_of(Feature.CLASSIFY).model_asked,
        route_of(Feature.ESCALATE).model_asked,
    )
    known = reading.figures(first_model=first, strong_model=strong)
    return outlook(known | dict(figures or {}), Models(priced(first), priced(strong)))


def outlook(figures: Mapping[str, Figure], models: Models) -> Outlook:
    """From figures for all inputs. Asks nobody and reads nothing."""
    values: dict[str, Any] = {name: figure.value for name, figure in figures.items()}
    inputs = Inputs(**values)
    return Outlook(
        figures=figures,
        inputs=inputs,
        models=models,
        rows=rows(inputs, models),
        padding=tuple(_paddings(inputs, models)),
        audits=_audits(inputs),
        priced_on=datetime.now(UTC).date(),
        price_source=SOURCE,
        is_simulated=settings.TRIAGE_SIMULATOR,
    )


def _paddings(inputs: Inputs, models: Models) -> Iterator[Padding]:
    """For each floor that the guide does not reach, if reaching it saves something live."""
    short = [m for m in (models.first, models.strong) if inputs.guide_tokens < m.floor_tokens]
    live = Plan("", escalated=inputs.escalated, is_cached=True)
    for floor in sorted({model.floor_tokens for model in short}):
        padded = replace(inputs, guide_tokens=floor)
        saved = [
            bill_nanousd(plan, inputs, models) - bill_nanousd(plan, padded, models)
            for plan in (live, replace(live, is_batch=True))
        ]
        if saved[0] > 0:
            yield Padding(names(m for m in short if m.floor_tokens == floor), floor, *saved)


def _audits(inputs: Inputs) -> Audits:
    fixed = round(inputs.audits_a_week * inputs.weeks)
    return Audits(
        fixed,
        round(fixed * inputs.audit_usd * NANOUSD_PER_USD),
        round(0.01 * inputs.tickets * inputs.audit_usd * NANOUSD_PER_USD),
    )
