"""The page of one call: what it was, its attempts in their order, the calls equal to it, and what Claude saw and said."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString

from triage.admin.formats import NOTHING, count, dollars, milliseconds
from triage.admin.ledger_attempt import exactly, shown
from triage.admin.ledger_words import (
    BOUNDS,
    CERTAIN,
    OBTAINED,
    STATES,
    certainty_of,
    error_in_words,
)
from triage.admin.links import about, calls_about, link
from triage.models import Attempt, Call, Feature, Obtained
from triage.models.ledger import CallState
from triage.selectors.ledger_call import EqualCall, attempts_of, equal_calls, neighbours
from triage.selectors.receipts import find_prompt
from triage.services.gateway.catalog import name_of


@dataclass(frozen=True, slots=True)
class EqualLine:
    """One equal call, as a row of a table."""

    address: str
    number: str
    at: str
    obtained: str
    cost: str
    relation: str


def context_of(call: Call) -> dict[str, Any]:
    """What the templates `call_*.html` show. At most ten queries, each through an index."""
    attempts = attempts_of(call)
    prompt = find_prompt(call.pk)
    return {
        "call": call,
        "story": _story(call, attempts),
        "facts": dict(_facts(call, attempts)),
        "attempts": [shown(attempt, call) for attempt in attempts],
        "equal": [_equal_line(each) for each in equal_calls(call)],
        "prompt": prompt,
        "schema": _pretty(prompt.schema) if prompt and prompt.schema else "",
        "ways": list(_ways(call)),
        "is_simulated": settings.TRIAGE_SIMULATOR,
    }


def address_of(call: Call) -> str:
    return reverse("admin:triage_call_change", args=[call.pk])


def obtained_in_words(call: Call) -> str:
    return Obtained(call.obtained).label if call.obtained else CallState(call.state).label


def _story(call: Call, attempts: Sequence[Attempt]) -> str:
    """The call in three sentences."""
    asked = f"{Feature(call.feature).label} asked {name_of(call.model_asked)} for {call.by}"
    thing = f" about {call.about_kind} {call.about_id}" if call.about_kind else ""
    end = OBTAINED.get(call.obtained) or STATES[call.state]
    why = f" The reason: {error_in_words(call.error)}." if call.error else ""
    return f"{asked}{thing} on {exactly(call.created_at)} UTC. {end}{why} It cost {_cost(call, attempts)}."


def _facts(call: Call, attempts: Sequence[Attempt]) -> Iterator[tuple[str, SafeString | str]]:
    yield "Feature", Feature(call.feature).label
    yield "About", about(call.about_kind, call.about_id)
    yield "Asked by", str(call.by)
    yield "Model asked", f"{name_of(call.model_asked)} ({call.model_asked})"
    served = f"{name_of(call.model_served)} ({call.model_served})" if call.model_served else NOTHING
    yield "Model that served", served
    yield "Obtained", obtained_in_words(call)
    yield "State", CallState(call.state).label
    yield "Error", error_in_words(call.error) or "None"
    yield "Tries", count(call.tries)
    yield "Cost", _cost(call, attempts)
    yield "How sure", CERTAIN[_certainty(attempts)]
    yield "Saved by an equal call", dollars(call.saved_nanousd)
    yield "Began (UTC)", exactly(call.created_at)
    yield "Ended (UTC)", exactly(call.finished_at)
    yield "Took, waits included", milliseconds(call.latency_ms)


def _cost(call: Call, attempts: Sequence[Attempt]) -> str:
    """Of the attempts, which know better than the call while it runs."""
    nanousd = sum(each.cost_nanousd for each in attempts) if attempts else call.cost_nanousd
    return f"{BOUNDS.get(_certainty(attempts), '')}{dollars(nanousd)}"


def _certainty(attempts: Sequence[Attempt]) -> str:
    return certainty_of({attempt.certainty for attempt in attempts})


def _equal_line(each: EqualCall) -> EqualLine:
    return EqualLine(
        address=address_of(each.call),
        number=f"Call {each.call.pk}",
        at=exactly(each.call.created_at),
        obtained=obtained_in_words(each.call),
        cost=dollars(each.call.cost_nanousd),
        relation=each.relation,
    )


def _ways(call: Call) -> Iterator[SafeString]:
    """Where to go from here."""
    beside = neighbours(call)
    name = f"{call.about_kind} {call.about_id}"
    if beside.before:
        yield link(address_of(beside.before), f"← The call before, about {name}")
    if beside.after:
        yield link(address_of(beside.after), f"The next call about {name} →")
    if call.about_kind:
        yield calls_about(call.about_kind, call.about_id, f"All calls about {name}")
    if call.about_kind == "ticket" and call.about_id.isascii() and call.about_id.isdigit():
        yield link(reverse("ticket", args=[call.about_id]), "The ticket and its receipt")


def _pretty(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False)
