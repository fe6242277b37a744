"""Invented tickets with confirmed labels, automatic answers, and what people made of them, saying only what a test is about."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone

from accounts.models import User
from tests.unit.evaluation.local_cases import LABELS, tickets
from triage.models import (
    Audit,
    Automation,
    Channel,
    Decision,
    Field,
    FieldDecision,
    Label,
    LocalModel,
    LocalModelState,
    Stage,
    State,
    Ticket,
    Triage,
)
from triage.services import taxonomy
from triage.services.evaluation.learning import auditing
from triage.services.evaluation.learning.auditing import Judged


def publish_labels() -> None:
    """The labels of the invented tickets; all apply by themselves."""
    Label.objects.bulk_create(
        Label(slug=slug, name=slug.capitalize(), auto_apply=True, auto_apply_reason="tests")
        for slug in LABELS
    )
    taxonomy.publish(by=User.objects.system())


def import_tickets(
    number: int, *, seed: int = 1, strays: int = 1, split: str = "train"
) -> list[Ticket]:
    """Tickets with a known label, as an import leaves them."""
    texts, labels = tickets(number, seed=seed, strays=strays)
    return Ticket.objects.bulk_create(
        _ticket(text, known_label=label, split=split, channel=Channel.IMPORT)
        for text, label in zip(texts, labels, strict=True)
    )


def answer(
    ticket: Ticket,
    label: str = "billing",
    *,
    stage: Stage = Stage.FIRST,
    decision: Decision = Decision.APPLIED,
    corrected_to: str = "",
    by: User | None = None,
    at: datetime | None = None,
) -> Triage:
    """A finished run of the ticket, and what a person made of its label."""
    at = at or timezone.now() - timedelta(hours=1)
    run = Triage.objects.create(
        ticket=ticket,
        state=State.DONE,
        stage=stage,
        finished_at=at,
        model_served="claude-haiku-5-5" if stage == Stage.FIRST else "",
    )
    FieldDecision.objects.create(
        triage=run,
        field=Field.LABEL,
        value=label,
        confidence=0.95,
        threshold=0.85,
        decision=decision,
        corrected_to=corrected_to,
        corrected_by=by,
        corrected_at=at if corrected_to else None,
    )
    return run


def a_ticket(text: str = "My invoice was charged twice.") -> Ticket:
    return Ticket.objects.bulk_create([_ticket(text)])[0]


def audits(number: int, *, stage: Stage = Stage.FIRST, label: str = "billing") -> list[Audit]:
    """So many automatic answers that were drawn and wait for a judgement."""
    found = Ticket.objects.bulk_create(_ticket(f"Ticket {place}") for place in range(number))
    now = timezone.now()
    runs = Triage.objects.bulk_create(
        Triage(ticket=ticket, state=State.DONE, stage=stage, finished_at=now) for ticket in found
    )
    return Audit.objects.bulk_create(Audit(triage=run, label=label, stage=stage) for run in runs)


def judge_all(waiting: Iterable[Audit], are_wrong: Iterable[bool], *, by: User) -> list[Judged]:
    """Each audit judged in turn; those that are wrong as a login."""
    return [
        auditing.judge(audit.pk, truth="login" if is_wrong else audit.label, by=by)
        for audit, is_wrong in zip(waiting, are_wrong, strict=True)
    ]


def a_champion(**fields: object) -> LocalModel:
    """One without content, that may answer the easy labels from 0.9 on; 0.95 and 0.99 are proven too."""
    values = {
        "content": b"",
        "version": "v1",
        "tickets": 200,
        "by": User.objects.system(),
        "state": LocalModelState.CHAMPION,
        "thresholds": {"easy": 0.9},
        "certificate": {
            "groups": dict.fromkeys(LABELS, "easy"),
            "proofs": {"easy": {"ladder": [0.99, 0.95, 0.9], "words": "proven"}},
        },
        "promoted_at": timezone.now(),
    }
    return LocalModel.objects.create(**(values | fields))


def switched_on() -> Automation:
    return Automation.objects.create(is_local_on=True)


def _ticket(text: str, **fields: object) -> Ticket:
    values = {"description": text, "original_characters": len(text), "channel": Channel.API}
    return Ticket(**(values | fields))
