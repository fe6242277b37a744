"""Tickets whose label people have confirmed: all that a local model may learn from.

Never an answer of the local model itself, nor one of a model that nobody checked: it would become surer of its mistakes with
every round. Silence confirms nothing. What is random may certify: audits (drawn among the automatic answers), the parts of
evaluations of a file that chose and reported, and the training rows of imports. Corrections are no random sample: they only
train.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import Role, User
from triage.models import (
    Audit,
    EvaluationSource,
    EvaluationState,
    EvaluationTicket,
    Field,
    FieldDecision,
    Part,
    Stage,
    Ticket,
)
from triage.selectors.intervals import Share
from triage.services.classification.stage_0 import text_of
from triage.services.evaluation.learning import feedback
from triage.services.evaluation.learning.feedback import Opinion
from triage.services.taxonomy import Taxonomy

LEAST_TICKETS = 200
AT_MOST = 10_000  # of each source and in all: the time of clustering grows with the square
OF_CLAUDE = (Stage.FIRST, Stage.STRONG)
TICKET = ("ticket_id", "ticket__subject", "ticket__description", "ticket__instruction_text")
TOO_OLD = f"older than the newest {AT_MOST:,}, or of a lesser source"
UNKNOWN_LABEL = "a label that is not published any more"


@dataclass(frozen=True, slots=True)
class Example:
    """A ticket and its confirmed label, a slug of the taxonomy.

    Args:
        is_random: It was drawn without a look at any answer: it may certify.
        is_flagged: It reads like an instruction, so that no label is applied to it.
        audited_at: When an audit of it was judged.
        weight: How much it counts in training, above 0 and up to 1, before `fading`.
        confirmed_at: When somebody said that the label is right; None where that is not known.
    """

    text: str
    label: str
    is_random: bool
    ticket_id: int | None = None
    is_flagged: bool = False
    audited_at: datetime | None = None
    weight: float = 1.0
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """Each ticket once, and how many were left out for what, in words."""

    examples: tuple[Example, ...]
    left_out: Mapping[str, int]


def gather(taxonomy: Taxonomy) -> Gathered:
    """All confirmed labels, the newest of the best source first: audits, corrections, evaluations, imports."""
    screened, agreed = feedback.screen(opinions()), agreements()
    corrections = [_of(each, feedback.weight_of(each, agreed)) for each in screened.kept]
    found = _once([*_imported(taxonomy), *_evaluated(), *corrections, *_audited()])
    published = [each for each in found if each.label in taxonomy.labels]
    left_out = Counter({str(why): number for why, number in screened.left_out.items()})
    left_out[UNKNOWN_LABEL] = len(found) - len(published)
    left_out[TOO_OLD] = len(published[AT_MOST:])
    return Gathered(tuple(published[:AT_MOST]), dict(+left_out))


def opinions() -> list[Opinion]:
    """The newest word of a person on each ticket, with who else stands behind it."""
    rows = list(_judged())
    voices, models = defaultdict[tuple[int, str], set[int]](set), set[tuple[int, str]]()
    for row in rows:
        voices[row["triage__ticket_id"], row["corrected_to"]].add(row["corrected_by_id"])
        if row["triage__stage"] in OF_CLAUDE:
            models.add((row["triage__ticket_id"], row["value"]))
    newest = {row["triage__ticket_id"]: row for row in reversed(rows)}
    return [_opinion(row, voices, models) for row in newest.values()]


def agreements() -> dict[int, Share]:
    """By person: on how many audited tickets they had a say, and how often the audit, judged by another, said the same."""
    judged = Audit.objects.exclude(truth="").order_by("-judged_at")[:AT_MOST]
    audits = {
        ticket: (truth, by)
        for ticket, truth, by in judged.values_list("triage__ticket_id", "truth", "by")
    }
    asked: Counter[int] = Counter()
    agreed: Counter[int] = Counter()
    said = _decisions().filter(triage__ticket__in=list(audits))
    for ticket, label, by in said.values_list("triage__ticket_id", "corrected_to", "corrected_by"):
        truth, judge = audits[ticket]
        if by is not None and by != judge:
            asked[by] += 1
            agreed[by] += label == truth
    return {by: Share(agreed[by], asked[by]) for by in asked}


def _once(several: Iterable[Example]) -> list[Example]:
    """Each ticket once, by the last of its examples; the last ones first.

    A correction replaces no random example: its label is no better, and that it is random is worth keeping.
    """
    found: dict[object, Example] = {}
    for example in several:
        key = example.ticket_id or ("text", example.text)
        known = found.pop(key, None)
        is_kept = known is not None and known.is_random and not example.is_random
        found[key] = known if known and is_kept else example
    return list(reversed(found.values()))


def _decisions() -> QuerySet[FieldDecision]:
    system = User.objects.system()
    return FieldDecision.objects.filter(
        ~Q(corrected_to=""), ~Q(corrected_by=system), field=Field.LABEL
    )


def _judged() -> Iterable[dict[str, Any]]:
    """The newest first."""
    found: Iterable[dict[str, Any]] = (
        _decisions()
        .order_by("-corrected_at", "-id")
        .values(
            "value",
            "corrected_to",
            "corrected_by_id",
            "corrected_by__role",
            "corrected_at",
            "triage__stage",
            *(f"triage__{name}" for name in TICKET),
        )[:AT_MOST]
    )
    return found


def _opinion(
    row: Mapping[str, Any],
    voices: Mapping[tuple[int, str], set[int]],
    models: set[tuple[int, str]],
) -> Opinion:
    said = row["triage__ticket_id"], row["corrected_to"]
    return Opinion(
        ticket_id=row["triage__ticket_id"],
        text=text_of(row["triage__ticket__subject"], row["triage__ticket__description"]),
        label=row["corrected_to"],
        before=row["value"],
        by_id=row["corrected_by_id"],
        is_admin=row["corrected_by__role"] == Role.ADMIN,
        at=row["corrected_at"],
        is_seconded=len(voices[said]) > 1 or said in models,
        is_flagged=bool(row["triage__ticket__instruction_text"]),
    )


def _of(opinion: Opinion, weight: float) -> Example:
    return Example(
        opinion.text,
        opinion.label,
        is_random=False,
        ticket_id=opinion.ticket_id,
        is_flagged=opinion.is_flagged,
        weight=weight,
        confirmed_at=opinion.at,
    )


def _audited() -> list[Example]:
    judged = Audit.objects.exclude(truth="").order_by("-judged_at")
    rows = judged.values_list("truth", "judged_at", *(f"triage__{name}" for name in TICKET))
    return [
        Example(
            text_of(subject, words),
            truth,
            True,
            ticket,
            bool(flagged),
            audited_at=judged_at,
            confirmed_at=judged_at,
        )
        for truth, judged_at, ticket, subject, words, flagged in reversed(list(rows[:AT_MOST]))
    ]


def _imported(taxonomy: Taxonomy) -> list[Example]:
    """Rows of the split `train` alone: the others are for evaluation. A file may date a ticket in the future: that is no time."""
    rows = Ticket.objects.filter(split__iexact="train").exclude(known_label="").order_by("-id")
    names = ("known_label", "id", "subject", "description", "instruction_text", "created_at")
    now = timezone.now()
    return [
        Example(
            text_of(subject, words),
            _slug(label, taxonomy),
            True,
            ticket,
            bool(flagged),
            confirmed_at=at if at <= now else None,
        )
        for label, ticket, subject, words, flagged, at in reversed(
            list(rows.values_list(*names)[:AT_MOST])
        )
    ]


def _evaluated() -> list[Example]:
    """Of files: tickets that were chosen because somebody had confirmed or corrected them are no random sample."""
    rows = EvaluationTicket.objects.filter(
        evaluation__source=EvaluationSource.FILE,
        evaluation__state=EvaluationState.DONE,
        part__in=(Part.CHOOSE, Part.REPORT),
    ).order_by("-id")
    at = Coalesce("evaluation__finished_at", "evaluation__created_at")
    names = ("label", "ticket_id", "subject", "description")
    return [
        Example(text_of(subject, words), label, True, ticket, confirmed_at=at)
        for label, ticket, subject, words, at in reversed(
            list(rows.values_list(*names, at)[:AT_MOST])
        )
    ]


def _slug(name: str, taxonomy: Taxonomy) -> str:
    label = taxonomy.find(name)
    return label.slug if label else name
