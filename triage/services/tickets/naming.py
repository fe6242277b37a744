"""What a ticket's newest run has named, and the labels that a person may choose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from triage.exceptions import InvalidInput
from triage.models import Decision, Field, FieldDecision, Label, Priority, Ticket


@dataclass(frozen=True, slots=True)
class Named:
    """The newest run's decisions; None where it has none."""

    label: FieldDecision | None = None
    priority: FieldDecision | None = None

    def is_settled(self, ticket: Ticket, label: Label) -> bool:
        """Whether `label` is a person's word on the ticket already, and on this run."""
        is_so = Field.LABEL in ticket.set_by_person and ticket.label_id == label.pk
        return is_so and (self.label is None or self.label.corrected_to == label.slug)

    def priority_for(self, ticket: Ticket) -> str:
        """The priority that was suggested and that nobody has set; "" where there is none."""
        row = self.priority
        is_open = not ticket.priority and Field.PRIORITY not in ticket.set_by_person
        is_suggested = row is not None and row.decision == Decision.SUGGESTED
        return row.value if row and is_open and is_suggested and row.value in Priority else ""


NOTHING = Named()


def named_for(tickets: Iterable[Ticket]) -> dict[int, Named]:
    """What each ticket's newest run has named, by the ticket's id, in one query; left out where it has named nothing."""
    by_run = {ticket.triage_id: ticket.pk for ticket in tickets if ticket.triage_id}
    rows = FieldDecision.objects.filter(
        triage__in=by_run, field__in=(Field.LABEL, Field.PRIORITY)
    ).only("triage", "field", "value", "decision", "corrected_to")
    found: dict[int, dict[str, FieldDecision]] = {}
    for row in rows:
        found.setdefault(by_run[row.triage_id], {})[row.field] = row
    return {ticket_id: Named(**fields) for ticket_id, fields in found.items()}


def active_labels() -> dict[str, Label]:
    """The labels that may be chosen, by their slug in lower case, without their long texts."""
    labels = Label.objects.filter(is_active=True).only("slug", "name", "team")
    return {label.slug.casefold(): label for label in labels}


def get_label(slug: str) -> Label:
    """The active label of that slug, whatever its case.

    Raises:
        InvalidInput: There is none.
    """
    # PostgreSQL cannot even look for a NUL.
    wanted = slug.replace("\0", "")
    label = Label.objects.filter(slug__iexact=wanted, is_active=True).first()
    if label is None:
        raise InvalidInput("label", f"there is no active label {slug[:60]!r}")
    return label


def find_named_label(named: Named, labels: Mapping[str, Label]) -> Label | None:
    """The label that the run named, if it may still be chosen."""
    return labels.get(named.label.value.casefold()) if named.label else None
