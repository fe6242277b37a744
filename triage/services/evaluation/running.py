"""The life of an evaluation, as people steer it: proposed with a price, started, cancelled, resumed. Each is safe to do twice.

    quoted → running → done
       └─────→ └→ cancelled, failed → running

The work itself is done in slices by `advancing.advance`, which only workers and commands import.
"""

from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput
from triage.models import Evaluation, EvaluationState, EvaluationTicket
from triage.models.evaluations import CONFIGURATIONS_AT_MOST
from triage.queue import TaskName, enqueue
from triage.services import taxonomy
from triage.services.evaluation import claims, ending, quoting
from triage.services.evaluation.asking import Asking
from triage.services.evaluation.configurations import NAMES, Configuration, to_json
from triage.services.evaluation.findings import Judged, Sampled, judge
from triage.services.evaluation.parting import find_known
from triage.services.evaluation.reading import spent_nanousd
from triage.services.evaluation.sampling import (
    ConfirmedSource,
    CorrectedSource,
    FileSource,
    Source,
    read,
)
from triage.services.evaluation.stopping import BUDGET_USED
from triage.types import usd

__all__ = [
    "BUDGET_USED",
    "ConfirmedSource",
    "CorrectedSource",
    "FileSource",
    "Source",
    "cancel",
    "propose",
    "resume",
    "start",
    "sweep",
]

LEFT_OUT_KEPT = 1_000  # of the tickets that do not count; their findings count all
NAME_MAX_CHARACTERS = 120
SEED_AT_MOST = 2**31 - 1
OVER = (EvaluationState.CANCELLED, EvaluationState.FAILED)


def propose(
    source: Source,
    *,
    configurations: Sequence[Configuration],
    by: User,
    name: str = "",
    is_batch: bool = True,
    seed: int = 0,
    budget_nanousd: int | None = None,
) -> Evaluation:
    """A run with its tickets drawn, its findings and its price, `quoted`. Asks nobody and costs nothing.

    Args:
        budget_nanousd: More is never spent; by default the most that all calls can cost.

    Raises:
        InvalidInput: The source has no usable ticket, or another argument makes no sense; the field is named.
        ModelNotPriced: Nobody knows the price of a model.
    """
    named = _named(configurations)
    _check(name=name, seed=seed, budget_nanousd=budget_nanousd)
    versions = [taxonomy.load(each.taxonomy_version_id) for each in named]
    found = read(source, seed=seed)
    judged = judge(
        found,
        source,
        taxonomies=versions,
        seed=seed,
        limit=source.limit,
        known=find_known(named),
    )
    askings = [
        Asking(0, place, each, version, seed)
        for place, (each, version) in enumerate(zip(named, versions, strict=True))
    ]
    quote = quoting.quote([_row(each) for each in judged.counted], askings, is_batch=is_batch)
    most: int = quote["most_nanousd"]
    evaluation = Evaluation(
        name=name.strip() or _default_name(source),
        source=source.kind,
        source_name=source.name[:200],
        by=by,
        is_batch=is_batch,
        seed=seed,
        configurations=[to_json(each) for each in named],
        quote=quote,
        budget_nanousd=most if budget_nanousd is None else budget_nanousd,
        findings=[each.as_json() for each in judged.findings],
    )
    return _saved(evaluation, judged)


def start(evaluation_id: int, *, by: User) -> Evaluation:
    """Let it run; one that runs or is done already stays as it is.

    Raises:
        Conflict: It was cancelled or has failed: `resume` it.
    """
    with transaction.atomic():
        evaluation = _locked(evaluation_id)
        if evaluation.state in OVER:
            state = EvaluationState(evaluation.state).label.lower()
            raise Conflict(f"“{evaluation}” is {state}; resume it instead.")
        if evaluation.state == EvaluationState.QUOTED:
            _run(evaluation)
    return evaluation


def cancel(evaluation_id: int, *, by: User) -> Evaluation:
    """Nothing more is asked, and its batches end. What was answered is kept, and paid; one that is over stays as it is.

    A batch that could not be cancelled at the provider is cancelled by the sweep, unless the run goes on meanwhile.

    Raises:
        Conflict: It is done, or has failed.
        InsideTransaction: The caller holds a transaction open, and some batch is underway.
    """
    with transaction.atomic():
        evaluation = _locked(evaluation_id)
        if evaluation.state in (EvaluationState.DONE, EvaluationState.FAILED):
            state = EvaluationState(evaluation.state).label.lower()
            raise Conflict(f"“{evaluation}” is {state}.")
        if evaluation.state != EvaluationState.CANCELLED:
            evaluation.state, evaluation.finished_at = EvaluationState.CANCELLED, timezone.now()
            evaluation.error = f"{ending.CANCELLED_BY} {by.name or by.email}"[:300]
            evaluation.save(update_fields=["state", "finished_at", "error"])
    ending.end_batches(evaluation_id)
    return evaluation


def resume(evaluation_id: int, *, by: User, budget_nanousd: int | None = None) -> Evaluation:
    """Go on with what is missing; one that runs or is done already stays as it is.

    Args:
        budget_nanousd: In all, with what is spent already; by default as before.

    Raises:
        InvalidInput: The budget is not above what is spent, or was used up and is no higher.
        Conflict: It was never started.
    """
    with transaction.atomic():
        evaluation = _locked(evaluation_id)
        if evaluation.state == EvaluationState.QUOTED:
            raise Conflict(f"“{evaluation}” was never started.")
        if evaluation.state in OVER:
            _check_budget(evaluation, budget_nanousd)
            evaluation.budget_nanousd = budget_nanousd or evaluation.budget_nanousd
            _run(evaluation)
    return evaluation


def sweep() -> int:
    """Send the runs to the workers that nobody is at, and end the batches of cancelled ones; how many were sent."""
    waiting = claims.find_waiting()
    for evaluation_id in waiting:
        enqueue(TaskName.ADVANCE_EVALUATION, evaluation_id)
    ending.end_batches()
    return len(waiting)


def _named(configurations: Sequence[Configuration]) -> list[Configuration]:
    if not 1 <= len(configurations) <= CONFIGURATIONS_AT_MOST:
        raise InvalidInput("configurations", f"must be 1 to {CONFIGURATIONS_AT_MOST}")
    return [replace(each, name=name) for each, name in zip(configurations, NAMES, strict=False)]


def _check(*, name: str, seed: int, budget_nanousd: int | None) -> None:
    if len(name.strip()) > NAME_MAX_CHARACTERS:
        raise InvalidInput("name", f"is longer than {NAME_MAX_CHARACTERS} characters")
    if not 0 <= seed <= SEED_AT_MOST:
        raise InvalidInput("seed", f"must be 0 to {SEED_AT_MOST:,}")
    if budget_nanousd is not None and budget_nanousd <= 0:
        raise InvalidInput("budget_usd", "must be above 0")


def _default_name(source: Source) -> str:
    return (source.name or source.kind.label)[:NAME_MAX_CHARACTERS]


def _row(each: Sampled) -> EvaluationTicket:
    return EvaluationTicket(
        number=each.labelled.number,
        ticket_id=each.labelled.ticket_id,
        subject=each.labelled.subject,
        description=each.labelled.description,
        known_label=each.labelled.known_label,
        label=each.label,
        cluster=each.cluster,
        part=each.part,
        problem=each.problem,
    )


def _saved(evaluation: Evaluation, judged: Judged) -> Evaluation:
    left_out = [each for each in judged.tickets if each.problem][:LEFT_OUT_KEPT]
    rows = [_row(each) for each in (*judged.counted, *left_out)]
    for row in rows:
        row.evaluation = evaluation
    with transaction.atomic():
        evaluation.save()
        EvaluationTicket.objects.bulk_create(rows, batch_size=500)
    evaluation.refresh_from_db()
    return evaluation


def _locked(evaluation_id: int) -> Evaluation:
    return Evaluation.objects.select_for_update(of=("self",)).get(pk=evaluation_id)


def _run(evaluation: Evaluation) -> None:
    evaluation.state, evaluation.error = EvaluationState.RUNNING, ""
    evaluation.started_at = evaluation.started_at or timezone.now()
    evaluation.finished_at = evaluation.lease_until = None
    evaluation.save(
        update_fields=[
            *("state", "error", "started_at", "finished_at", "lease_until", "budget_nanousd")
        ]
    )
    enqueue(TaskName.ADVANCE_EVALUATION, evaluation.pk)


def _check_budget(evaluation: Evaluation, budget_nanousd: int | None) -> None:
    if budget_nanousd is None and evaluation.error != BUDGET_USED:
        return
    spent = spent_nanousd(evaluation)
    if evaluation.error == BUDGET_USED and (budget_nanousd or 0) <= evaluation.budget_nanousd:
        raise InvalidInput(
            "budget_usd",
            f"the ${usd(evaluation.budget_nanousd):.4f} of before are used up; name a higher one",
        )
    if (budget_nanousd or 0) <= spent:
        raise InvalidInput("budget_usd", f"must be above the ${usd(spent):.4f} that are spent")
