"""How far a new installation has been set up, as facts."""

from dataclasses import dataclass

from accounts.models import Role, User
from triage.models import Budget, FieldDecision, Label, Scope, TaxonomyVersion, Ticket

JUDGED_ENOUGH = 50


@dataclass(frozen=True, slots=True)
class Facts:
    """`is_judged_enough`: people have judged JUDGED_ENOUGH decisions or more, enough to trust triage by."""

    is_published: bool
    has_tickets: bool
    has_colleagues: bool
    has_budget: bool
    is_applying: bool
    is_judged_enough: bool


def facts() -> Facts:
    """Six queries, each of a few rows."""
    people = User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION)
    judged = FieldDecision.objects.exclude(corrected_to="").filter(field="label")
    return Facts(
        is_published=TaxonomyVersion.objects.exists(),
        has_tickets=Ticket.objects.exists(),
        has_colleagues=people[:2].count() > 1,
        has_budget=Budget.objects.filter(scope=Scope.INSTALLATION).exists(),
        is_applying=Label.objects.filter(is_active=True, auto_apply=True).exists(),
        is_judged_enough=judged.values("pk")[:JUDGED_ENOUGH].count() == JUDGED_ENOUGH,
    )
