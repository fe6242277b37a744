"""What an order means for each ticket. Nothing is changed here, so a preview and the change itself cannot differ."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from triage.models import Decision, Field, Label, Ticket
from triage.services.tickets import naming
from triage.services.tickets.bulk.asking import Action, Order
from triage.services.tickets.naming import NOTHING, Named


class Stays(Enum):
    """Why a ticket is left as it is."""

    IS_SO = auto()
    CANNOT_BE = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """What is done to one ticket: fields to set, a label to choose, or both."""

    ticket: Ticket
    wanted: Mapping[str, Any] = field(default_factory=dict)
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`unchanged` tickets are so already, `untouched` ones cannot be changed so."""

    steps: tuple[Step, ...]
    unchanged: int
    untouched: int


def plan(order: Order, tickets: Sequence[Ticket]) -> Plan:
    """The steps for these tickets, in their order; two queries where it is about labels, else none."""
    found = list(_steps(order, tickets))
    return Plan(
        steps=tuple(step for step in found if isinstance(step, Step)),
        unchanged=found.count(Stays.IS_SO),
        untouched=found.count(Stays.CANNOT_BE),
    )


def _steps(order: Order, tickets: Sequence[Ticket]) -> Iterable[Step | Stays]:
    match order.action:
        case Action.LABEL | Action.ACCEPT:
            named = naming.named_for(tickets)
            labels = naming.active_labels() if order.label is None else {}
            for ticket in tickets:
                of_run = named.get(ticket.pk, NOTHING)
                if order.label:
                    yield _choose(ticket, order.label, of_run)
                else:
                    yield _accept(ticket, of_run, labels)
        case _:
            for ticket in tickets:
                is_so = all(getattr(ticket, name) == to for name, to in order.wanted.items())
                yield Stays.IS_SO if is_so else Step(ticket, order.wanted)


def _choose(ticket: Ticket, label: Label, named: Named) -> Step | Stays:
    return Stays.IS_SO if named.is_settled(ticket, label) else Step(ticket, label=label)


def _accept(ticket: Ticket, named: Named, labels: Mapping[str, Label]) -> Step | Stays:
    """A withheld label is for a person to look at alone, and one that a person has chosen otherwise stands."""
    label = naming.find_named_label(named, labels)
    is_withheld = named.label is None or named.label.decision == Decision.WITHHELD
    if label is None or is_withheld:
        return Stays.CANNOT_BE
    if Field.LABEL in ticket.set_by_person and ticket.label_id != label.pk:
        return Stays.CANNOT_BE
    is_settled, priority = named.is_settled(ticket, label), named.priority_for(ticket)
    if is_settled and not priority:
        return Stays.IS_SO
    wanted = {"priority": priority} if priority else {}
    return Step(ticket, wanted, None if is_settled else label)
