"""Who and what a ticket may be given to: the choices of the workspace's selects."""

from collections.abc import Sequence

from accounts.models import Role, Team, User
from triage.models import Label

AGENTS_AT_MOST = 500

Pair = tuple[str, str]


def agents() -> tuple[Pair, ...]:
    """(id, name) of the active agents and admins."""
    working = User.objects.filter(is_active=True, role__in=[Role.AGENT, Role.ADMIN])
    rows = working.order_by("name", "email").only("name", "email")[:AGENTS_AT_MOST]
    return tuple((str(user.pk), str(user)) for user in rows)


def teams() -> tuple[Pair, ...]:
    """(id, name) of the teams."""
    return tuple((str(pk), name) for pk, name in Team.objects.values_list("pk", "name"))


def marked(choices: Sequence[Pair], chosen: str) -> list[tuple[str, str, bool]]:
    """The choices of a select, with the one that is set."""
    return [(value, text, value == chosen) for value, text in choices]


def active_labels() -> tuple[Label, ...]:
    return tuple(Label.objects.filter(is_active=True).order_by("name").only("slug", "name"))
