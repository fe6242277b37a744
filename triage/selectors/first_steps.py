"""How far a new installation has been set up, as facts."""

from dataclasses import dataclass

from accounts.models import Role, User
from triage.models import (
    Budget,
    Evaluation,
    EvaluationState,
    FieldDecision,
    Label,
    Scope,
    TaxonomyVersion,
    Ticket,
)

JUDGED_ENOUGH = 50


@dataclass(frozen=True, slots=True)
class Facts:
    """`is_evaluated`: an evaluation is done. `is_judged_enough`: people have judged JUDGED_ENOUGH decisions to evaluate by."""

    is_published: bool
    has_tickets: bool
    has_colleagues: bool
    has_budget: bool
    is_evaluated: bool
    is_applying: bool
    is_judged_enough: bool


def facts() -> Facts:
    """Seven queries, each of a few rows."""
    people = User.objects.filter(is_active=True).exclude(role=Role.INTEGRATION)
    judged = FieldDecision.objects.exclude(corrected_to="").filter(field="label")
    return Facts(
        is_published=TaxonomyVersion.objects.exists(),
        has_tickets=Ticket.objects.exists(),
        has_colleagues=people[:2].count() > 1,
        has_budget=Budget.objects.filter(scope=Scope.INSTALLATION).exists(),
        is_evaluated=Evaluation.objects.filter(state=EvaluationState.DONE).exists(),
        is_applying=Label.objects.filter(is_active=True, auto_apply=True).exists(),
        is_judged_enough=judged.values("pk")[:JUDGED_ENOUGH].count() == JUDGED_ENOUGH,
    )
