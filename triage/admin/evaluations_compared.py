"""Two evaluations side by side, by their stored results: `?a=3&b=7`. They asked about different tickets, so nothing is tested."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from triage.admin.evaluations_list import done
from triage.admin.evaluations_words import accuracy_in_words, settings_of
from triage.admin.formats import NOTHING, dollars, milliseconds, share
from triage.admin.pages import AdminPage
from triage.models import Evaluation, EvaluationState

LONGEST_ID = 18  # digits

Kept = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Side:
    """One configuration of one evaluation; `figures` stand in the order of `FIGURES`."""

    evaluation: Evaluation
    name: str
    figures: tuple[str, ...]


class EvaluationsCompared(AdminPage):
    title = "Compare evaluations"
    template_name = "admin/evaluations/compared.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = [self.request.GET.get(name, "") for name in ("a", "b")]
        found = [_find(each) for each in asked]
        problems = [
            f"No evaluation “{each[:20]}” is done."
            for each, evaluation in zip(asked, found, strict=True)
            if each and evaluation is None
        ]
        sides = [side for evaluation in found if evaluation for side in _sides(evaluation)]
        return super().get_context_data(
            **kwargs,
            asked=asked,
            choices=done(),
            problems=problems,
            sides=sides,
            rows=list(_rows(sides)),
            is_simulated=settings.TRIAGE_SIMULATOR,
        )


def _find(asked: str) -> Evaluation | None:
    if not (asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_ID):
        return None
    return Evaluation.objects.filter(pk=int(asked), state=EvaluationState.DONE).first()


def _sides(evaluation: Evaluation) -> Iterator[Side]:
    results = evaluation.results or {}
    settings_ = settings_of(evaluation.configurations)
    for place, kept in enumerate(results.get("configurations", [])):
        told = [setting.values[place] for setting in settings_]
        figures = (str(results.get("tickets", NOTHING)), *(tell(kept) for tell in FIGURES.values()))
        yield Side(evaluation, kept["name"], (*told, *figures))


def _rows(sides: list[Side]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each figure with its values, side by side."""
    if not sides:
        return
    settings_ = settings_of(sides[0].evaluation.configurations)
    names = [*(setting.name for setting in settings_), "Tickets", *FIGURES]
    for place, name in enumerate(names):
        yield name, tuple(side.figures[place] for side in sides)


def _score(name: str) -> Callable[[Kept], str]:
    def tell(kept: Kept) -> str:
        value = kept.get(name)
        return NOTHING if value is None else f"{value:.3f}"

    return tell


def _share(name: str) -> Callable[[Kept], str]:
    def tell(kept: Kept) -> str:
        found = kept.get(name)
        return share(found["part"], found["whole"]) if found else NOTHING

    return tell


def _money(name: str) -> Callable[[Kept], str]:
    def tell(kept: Kept) -> str:
        value = kept.get(name)
        return NOTHING if value is None else dollars(round(value))

    return tell


def _median(kept: Kept) -> str:
    return milliseconds((kept.get("latency_ms") or {}).get("p50"))


FIGURES: Mapping[str, Callable[[Kept], str]] = {
    "Accuracy (95 % interval)": lambda kept: accuracy_in_words(kept.get("accuracy")),
    "Macro-F1": _score("macro_f1"),
    "First or second choice right": _share("top_2"),
    "Sure, by its own threshold": _share("coverage"),
    "Wrong among these": _share("errors"),
    "Escalated": _share("escalated"),
    "Cost": _money("cost_nanousd"),
    "Cost per ticket": _money("cost_per_ticket_nanousd"),
    "Median latency": _median,
}
