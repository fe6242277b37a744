"""What stood beside each judged answer of an evaluation, as the cascade will know it: what a calibrator is fitted on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from triage.models import EvaluationTicket, Field, FieldDecision, LocalModel, Part, Stage, Ticket
from triage.services.classification import stage_0
from triage.services.evaluation.cases import Case, Said
from triage.services.statistics.duplicates import digest
from triage.services.statistics.signals import Signals

LEARNT_FROM = (Part.CHOOSE, Part.REPORT)


@dataclass(frozen=True, slots=True)
class Judged:
    """One stage's answers with their signals, in the order of the tickets, and whether each was right."""

    signals: tuple[Signals, ...]
    are_right: tuple[bool, ...]


def judged(cases: Iterable[Case], stage: Stage, *, model: str, learnt: frozenset[str]) -> Judged:
    """The usable answers of `stage` that the cascade would have asked for: of the strong model only after an escalation.

    Args:
        model: Whose answers they are.
        learnt: Digests of texts for which the champion is not asked, because it may have been trained on them.
    """
    pairs = [(case, said) for case in cases if (said := _said(case, stage))]
    chances = _local_chances(pairs, model=model, learnt=learnt)
    signals = (
        Signals(
            stated=said.confidence,
            runner_up=said.runner_up_confidence if said.runner_up else 0.0,
            is_agreed=_is_agreed(case, said, stage),
            local_chance=chance,
        )
        for (case, said), chance in zip(pairs, chances, strict=True)
    )
    return Judged(tuple(signals), tuple(said.label == case.truth for case, said in pairs))


def may_have_learnt(local: LocalModel) -> frozenset[str]:
    """Digests of all texts whose label was confirmed when that model was made: rather too many than one too few."""
    texts = [*_evaluated(local), *_confirmed(local)]
    return frozenset(digest(stage_0.text_of(subject, words)) for subject, words in texts)


def _said(case: Case, stage: Stage) -> Said | None:
    if stage is Stage.FIRST:
        return case.first
    return case.strong if case.escalation else None


def _is_agreed(case: Case, said: Said, stage: Stage) -> bool | None:
    if stage is Stage.FIRST or case.first is None:
        return None
    return case.first.label == said.label


def _local_chances(
    pairs: Sequence[tuple[Case, Said]], *, model: str, learnt: frozenset[str]
) -> list[float | None]:
    texts = [case.text for case, _ in pairs]
    chances = stage_0.chances_beside(texts, [said.label for _, said in pairs], model=model)
    rows = zip(texts, chances, strict=True)
    return [None if digest(text) in learnt else chance for text, chance in rows]


def _evaluated(local: LocalModel) -> list[tuple[str, str]]:
    rows = EvaluationTicket.objects.filter(
        part__in=LEARNT_FROM, evaluation__created_at__lte=local.created_at
    )
    return list(rows.values_list("subject", "description"))


def _confirmed(local: LocalModel) -> list[tuple[str, str]]:
    decisions = FieldDecision.objects.filter(
        triage__ticket=OuterRef("pk"), field=Field.LABEL, corrected_at__lte=local.created_at
    )
    audited = Q(runs__audit__judged_at__lte=local.created_at)
    imported = ~Q(known_label="") & Q(created_at__lte=local.created_at)
    rows = Ticket.objects.filter(Exists(decisions) | audited | imported).distinct()
    return list(rows.order_by().values_list("subject", "description"))
