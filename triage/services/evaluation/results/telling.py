"""What may be said of an evaluation: one sentence to quote, what may be claimed, and what may not."""

from collections.abc import Iterable, Sequence

from triage.services.evaluation.reporting.formats import (
    bound,
    confidence,
    dollars,
    interval,
    percent,
    plural,
    value_of,
)
from triage.services.evaluation.results.shares import Json

NOTHING_ANSWERED = "No labelled ticket was counted: nothing can be said."
NOT_PROVEN = "no threshold is proven, so nothing may stand without a person"


def sentence(configurations: Sequence[Json], compared: Json | None) -> str:
    """What an admin may quote: how many tickets, the interval, the cost, what is proven, and the comparison."""
    told = configurations[0]
    accuracy = told["accuracy"]
    if not accuracy["whole"]:
        return NOTHING_ANSWERED
    said = (
        f"On {plural(accuracy['whole'], 'labelled ticket')} {_subject(configurations)} {percent(value_of(accuracy))} right"
        f" (95 % interval {interval(accuracy)}), for {_per_1000(told)} per 1,000 tickets; {_proven(told['recommendation'])}."
    )
    return f"{said} {compared['sentence']}" if compared else said


def claims(configurations: Sequence[Json]) -> Json:
    """`may` and `may_not`: sentences."""
    return {
        "may": [claim for told in configurations for claim in _may(told)],
        "may_not": list(_may_not(configurations)),
    }


def _subject(configurations: Sequence[Json]) -> str:
    return (
        "triage is" if len(configurations) == 1 else f"configuration {configurations[0]['name']} is"
    )


def _per_1000(told: Json) -> str:
    return dollars(1_000 * told["cost_per_ticket_nanousd"])


def _proven(recommendation: Json) -> str:
    groups = [group for group in recommendation["groups"] if group["is_certified"]]
    if not groups:
        return NOT_PROVEN
    each = " and ".join(f"{g['group']} ones from {confidence(g['threshold'])} on" for g in groups)
    return (
        f"proven with at most {bound(recommendation['target'])} wrong: {each}, which is"
        f" {percent(value_of(recommendation['coverage']))} of the tickets"
    )


def _may(told: Json) -> Iterable[str]:
    name, accuracy = told["name"], told["accuracy"]
    if accuracy["whole"]:
        yield (
            f"{name}: the true share of right labels is {interval(accuracy)}, with 95 % confidence, for tickets like"
            f" these {accuracy['whole']:,}."
        )
    recommendation = told["recommendation"]
    for group in recommendation["groups"]:
        if group["is_certified"]:
            yield (
                f"{name}: of {group['group']} labels from {confidence(group['threshold'])} on at most"
                f" {bound(recommendation['target'])} are wrong, with {bound(1 - recommendation['d'])} confidence for all groups"
                f" together; {group['answered']:,} judged tickets."
            )
    loss = told["strong_only"]["loss"] if told["strong_only"] else None
    if loss and loss["at_most"] <= 0:
        yield f"{name}: right at least as often as the strong model alone, with 95 % confidence."
    elif loss:
        yield (
            f"{name}: right on at most {percent(loss['at_most'])} fewer of the tickets than the strong model alone, with 95 %"
            " confidence."
        )


def _may_not(configurations: Sequence[Json]) -> Iterable[str]:
    yield "That it stays so: after a change of labels, guide or model, evaluate again."
    yield "Anything about tickets unlike these: other languages, other channels, labels that hardly occur here."
    for told in configurations:
        if not told["recommendation"]["is_certified"]:
            yield f"{told['name']}: that any label may be applied without a person."
        elif told["recommendation"]["changed_way"]["part"]:
            yield (
                f"{told['name']}: the same with the new thresholds as they escalate: {_changed(told)} would go another way than"
                " in this run. Evaluate once more with them."
            )
        strong = told["strong_only"]
        if strong and not strong["is_measured"]:
            yield f"{told['name']}: that it is as right as the strong model alone, which saw only what was escalated."


def _changed(told: Json) -> str:
    changed = told["recommendation"]["changed_way"]
    return f"{changed['part']:,} of {changed['whole']:,} tickets"
