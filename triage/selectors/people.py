"""What hangs on a user or a team: asked before one is deleted or demoted."""

from accounts.models import ApiToken, Team, User
from triage.models import (
    Alert,
    Audit,
    Calibrator,
    Call,
    Draft,
    Evaluation,
    Experiment,
    FieldDecision,
    Import,
    LocalModel,
    TaxonomyVersion,
    Webhook,
)

HISTORY = (
    ("calls", Call, "by"),
    ("corrections", FieldDecision, "corrected_by"),
    ("imports", Import, "by"),
    ("taxonomy versions", TaxonomyVersion, "by"),
    ("API tokens", ApiToken, "user"),
    ("API tokens issued", ApiToken, "issued_by"),
    ("drafts", Draft, "by"),
    ("decisions on drafts", Draft, "decided_by"),
    ("webhooks", Webhook, "by"),
    ("experiments", Experiment, "by"),
    ("snoozed alerts", Alert, "snoozed_by"),
    ("evaluations", Evaluation, "by"),
    ("calibrators", Calibrator, "by"),
    ("local models", LocalModel, "by"),
    ("audits", Audit, "by"),
)


def traces(user: User) -> tuple[str, ...]:
    """The kinds of history that name `user` and forbid deleting them. One look-up by index for each kind."""
    return tuple(
        kind for kind, model, field in HISTORY if model.objects.filter(**{field: user}).exists()
    )


def is_team_in_use(team: Team) -> bool:
    """Whether a user, a label or a ticket belongs to `team`."""
    return any(
        rows.exists() for rows in (team.members.all(), team.labels.all(), team.tickets.all())
    )
