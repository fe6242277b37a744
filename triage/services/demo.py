"""The demo company: its labels, its tickets and two people to log in as. For a first look, never for production."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Role, Team, User
from triage.models import (
    Article,
    Budget,
    Channel,
    Feature,
    Label,
    Message,
    Period,
    Scope,
    Ticket,
)
from triage.services import intake, taxonomy
from triage.services.intake import NewTicket, Received
from triage.services.intake.cleaning import bounded, cleaned
from triage.types import NANOUSD_PER_USD

FOLDER = Path(__file__).resolve().parent.parent / "demo"
SOURCE = "demo"
OVERRIDE = "demo data: switched on by name to show applied labels"
PEOPLE = (
    ("agent@example.com", "Alex Agent", Role.AGENT),
    ("admin@example.com", "Ada Admin", Role.ADMIN),
)


@dataclass(frozen=True, slots=True)
class Logins:
    """Who can log in after loading, with the password that all of them have."""

    emails: tuple[str, ...]
    password: str


def is_wanted() -> bool:
    """Only an installation that is still empty gets demo data."""
    return not Ticket.objects.exists() and not Label.objects.exists()


def load() -> Logins:
    """Labels, articles, tickets with their threads, and the demo users, in one transaction; triage starts on commit."""
    described = json.loads((FOLDER / "taxonomy.json").read_text())
    lines = (FOLDER / "tickets.jsonl").read_text().splitlines()
    with transaction.atomic():
        _load_labels(described)
        _load_articles()
        logins = _load_people()
        taxonomy.publish(by=User.objects.get(email=PEOPLE[1][0]))
        rows = [json.loads(line) for line in lines]
        received = intake.receive_many([_new_ticket(row) for row in rows])
        _load_threads(rows, received)
        _set_budgets()
    return logins


def _set_budgets() -> None:
    """Budgets that a small company might set, wide enough to try everything out."""
    Budget.objects.create(
        scope=Scope.INSTALLATION,
        period=Period.MONTH,
        soft_nanousd=200 * NANOUSD_PER_USD,
        hard_nanousd=500 * NANOUSD_PER_USD,
    )
    Budget.objects.create(
        scope=Scope.FEATURE,
        key=Feature.DRAFT,
        period=Period.DAY,
        hard_nanousd=20 * NANOUSD_PER_USD,
    )


def _load_labels(described: dict[str, Any]) -> None:
    teams = {
        row["slug"]: Team.objects.get_or_create(slug=row["slug"], defaults={"name": row["name"]})[0]
        for row in described["teams"]
    }
    for row in described["labels"]:
        Label.objects.create(
            **{**row, "team": teams[row["team"]]},
            auto_apply_reason=OVERRIDE if row["auto_apply"] else "",
        )


def _load_articles() -> None:
    """The canned answers and help articles; their teams are there already."""
    teams = {team.slug: team for team in Team.objects.all()}
    for row in json.loads((FOLDER / "articles.json").read_text()):
        Article.objects.create(**{**row, "team": teams[row["team"]] if row["team"] else None})


def _load_people() -> Logins:
    password = settings.TRIAGE_DEMO_PASSWORD or secrets.token_urlsafe(9)
    for email, name, role in PEOPLE:
        user, _ = User.objects.get_or_create(email=email, defaults={"name": name, "role": role})
        user.set_password(password)
        user.save()
    return Logins(tuple(email for email, _, _ in PEOPLE), password)


def _new_ticket(row: dict[str, Any]) -> NewTicket:
    return NewTicket(
        description=row["description"],
        subject=row["subject"],
        channel=Channel(row["channel"]),
        requester_name=row["requester"]["name"],
        requester_email=row["requester"]["email"],
        tags=tuple(row["tags"]),
        source=SOURCE,
        external_id=row["external_id"],
        custom_fields=row["custom_fields"],
        created_at=timezone.now() - timedelta(minutes=row["minutes_ago"]),
    )


def _load_threads(rows: list[dict[str, Any]], received: list[Received]) -> None:
    """Messages and states as they stand in the file; a thread never runs past the present."""
    messages = []
    for row, stored in zip(rows, received, strict=True):
        ticket = stored.ticket
        ticket.status = row["status"]
        if ticket.is_finished:
            ticket.solved_at = ticket.created_at + timedelta(minutes=row["minutes_ago"] // 2)
        for part in row["thread"]:
            at = ticket.created_at + timedelta(minutes=part["minutes_after"])
            messages.append(
                Message(
                    ticket=ticket,
                    author_kind=part["author"],
                    author_name=part["name"],
                    body=bounded(cleaned(part["body"])),
                    is_public=part["public"],
                    created_at=min(at, timezone.now()),
                )
            )
    Message.objects.bulk_create(messages)
    Ticket.objects.bulk_update([s.ticket for s in received], ["status", "solved_at"])
