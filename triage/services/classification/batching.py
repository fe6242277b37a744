"""Which runs go into a batch, and what comes after: a wave for the first model, then one for the strong model.

A run in a batch is `batched` under a lease; afterwards it is queued like any other, and the ordinary cascade finds the
replies stored. Whatever is killed on the way, the run's lease ends and the sweeper finds it. Where packing is switched on, each
line of the first model's batch asks for several tickets.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from triage.exceptions import AnswerUnusable, GatewayError
from triage.models import Batch, BatchState, Feature, Stage, State, Triage
from triage.queue import TaskName, enqueue
from triage.services import experiments, gateway, taxonomy
from triage.services.classification import stage_0
from triage.services.classification.answer import parse
from triage.services.classification.calibrating import Origin, calibrate
from triage.services.classification.packed_lines import packer_in_force, take_apart
from triage.services.classification.prompt import build_request, guide_version
from triage.services.classification.rule import (
    Thresholds,
    reason_to_escalate,
    thresholds_in_force,
)
from triage.services.gateway import About, Request
from triage.services.gateway.batches import (
    ENDED,
    LINES_AT_MOST,
    Line,
    Packer,
    Prepared,
    has_packs,
    prepare,
)
from triage.services.gateway.routes import route_of
from triage.services.masking import mask
from triage.services.taxonomy import Taxonomy

log = structlog.get_logger(__name__)

PICK_SECONDS = 300.0  # to write the batch of the runs that were picked
IN_BATCH = timedelta(hours=26)  # above the lease of a batch's lines
KEPT_BELOW = timedelta(hours=25)

Asked = tuple[Triage, Request]


@dataclass(frozen=True, slots=True)
class Followed:
    """How many runs have moved on from a batch, and how many of their requests the strong model's batch asks."""

    runs: int
    escalated: int


def pick(limit: int, *, due_by: datetime) -> list[Triage]:
    """Up to `limit` runs that wait and were due by then, oldest first: `batched` under a short lease, for nobody else to take."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE triage_triage
               SET state = 'batched', batch_id = NULL, lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE id IN (
                SELECT id FROM triage_triage
                 WHERE state = 'queued' AND NOT is_rerun AND due_at <= %s
                 ORDER BY due_at, id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [PICK_SECONDS, due_by, limit],
        )
        return _load([row[0] for row in cursor.fetchall()])


def fill(runs: Sequence[Triage]) -> Prepared:
    """A batch for the first model with what `runs`, just picked, must ask; those that need not wait are queued and sent.

    Among the latter, and counted as reused, are those that the local model answers alone.

    Raises:
        BudgetExceeded, ModelNotPriced, NoTaxonomy: Nothing is written or held; all are queued as before.
    """
    try:
        current = taxonomy.current()
        for run in runs:
            run.variant = experiments.variant_for(run)
        alone = {run.pk for run in runs if _is_alone(run, current)}
        asked = [(run, _request(run, current)) for run in runs if run.pk not in alone]
        prepared = _prepare(asked, model=_first_model(), packer=_packer(runs, current))
    except BaseException:
        _picked(run.pk for run in runs).update(state=State.QUEUED, lease_until=None)
        raise
    _queue(sorted(alone), batch_id=None)
    return replace(prepared, reused=prepared.reused + len(alone))


def keep(batch: Batch) -> None:
    """Its runs go on waiting while it may bring their answers."""
    if batch.expires_at is None or batch.expires_at > timezone.now():
        waiting = Triage.objects.filter(batch=batch, state=State.BATCHED)
        waiting.filter(lease_until__lt=Now() + KEPT_BELOW).update(lease_until=Now() + IN_BATCH)


def find_over() -> list[int]:
    """The ids of batches that are over while runs still wait for them."""
    waiting = Triage.objects.filter(state=State.BATCHED, batch__state__in=ENDED)
    return list(waiting.order_by("batch_id").values_list("batch_id", flat=True).distinct())


def follow(batch_id: int) -> Followed:
    """Move up to LINES_AT_MOST runs on whose batch is over: to the strong model's batch where the rule says so, else queued.

    Also those are queued whose line brought no answer: they are asked live. Safe to run twice, and by two at once.
    """
    batch = Batch.objects.get(pk=batch_id)
    _take_apart(batch)
    runs = _take(batch_id)
    is_first_wave = batch.state == BatchState.COLLECTED and batch.model == _first_model()
    hard = _find_hard(runs) if is_first_wave else []
    escalated = {run.pk for run, _ in hard}
    _queue([run.pk for run in runs if run.pk not in escalated], batch_id=batch_id)
    return Followed(len(runs), _escalate(hard, batch_id=batch_id) if hard else 0)


def _take_apart(batch: Batch) -> None:
    """What its packs say becomes the runs' own, while they still wait: whatever ends here, another one takes it up."""
    if not has_packs(batch.pk):
        return
    current = taxonomy.current()
    waiting = Triage.objects.filter(batch=batch, state=State.BATCHED).order_by("id")
    ids = list(waiting.values_list("pk", flat=True))
    for first in range(0, len(ids), LINES_AT_MOST):
        runs = _load(ids[first : first + LINES_AT_MOST])
        take_apart([_request(run, current) for run in runs], current, model=batch.model)


def _first_model() -> str:
    return route_of(Feature.CLASSIFY).model_asked


def _load(ids: Sequence[int]) -> list[Triage]:
    runs = Triage.objects.filter(pk__in=ids).select_related("ticket", "variant")
    runs = runs.order_by("due_at", "id")
    messages = runs.prefetch_related("ticket__messages")
    return list(messages.defer("ticket__search", "ticket__custom_fields"))


def _picked(ids: Iterable[int]) -> QuerySet[Triage]:
    """Those of them that are still ours: no batch has them, and no worker took them when the short lease ended."""
    return Triage.objects.filter(pk__in=list(ids), state=State.BATCHED, batch=None)


def _is_alone(run: Triage, current: Taxonomy) -> bool:
    """Whether the cascade will ask nobody."""
    local = stage_0.guess(run.ticket, current, triage_id=run.pk, is_rerun=run.is_rerun)
    return local is not None and local.guess.is_alone


def _request(run: Triage, current: Taxonomy) -> Request:
    """As the cascade will ask it afterwards, with the variant that the run has now."""
    return mask(build_request(run.ticket, current, variant=run.variant)).request


def _packer(runs: Sequence[Triage], current: Taxonomy) -> Packer | None:
    """Several tickets a call where that is switched on; one whose text reads like an instruction sways no other."""
    apart = [str(run.ticket_id) for run in runs if run.ticket.instruction_text]
    return packer_in_force(current, apart=apart)


def _prepare(asked: Sequence[Asked], *, model: str, packer: Packer | None = None) -> Prepared:
    lines = [Line(request, About("ticket", str(run.ticket_id))) for run, request in asked]
    return prepare(
        lines,
        model=model,
        feature=Feature.BACKFILL,
        by=User.objects.system(),
        link=partial(_link, [run for run, _ in asked]),
        packer=packer,
    )


def _link(runs: Sequence[Triage], batch_ids: Sequence[int | None]) -> None:
    """In the transaction that writes the batch: each run waits for its batch, or is queued where it need not wait.

    Each keeps the variant that it is asked with there.
    """
    waiting = defaultdict[tuple[int, int | None], list[int]](list)
    for run, batch_id in zip(runs, batch_ids, strict=True):
        if batch_id is not None:
            waiting[batch_id, run.variant_id].append(run.pk)
    linked = zip(runs, batch_ids, strict=True)
    _queue([run.pk for run, batch_id in linked if batch_id is None], batch_id=None)
    for (batch_id, variant_id), ids in waiting.items():
        _picked(ids).update(batch_id=batch_id, variant_id=variant_id, lease_until=Now() + IN_BATCH)


def _queue(ids: Sequence[int], *, batch_id: int | None) -> None:
    """Due now, and sent to the workers; `batch_id` is kept as the batch that it was in."""
    with transaction.atomic():
        _picked(ids).update(
            state=State.QUEUED,
            batch_id=batch_id,
            lease_until=None,
            due_at=Now(),
            enqueued_at=Now(),
        )
        for run_id in ids:
            enqueue(TaskName.TRIAGE_TICKET, run_id)


def _take(batch_id: int) -> list[Triage]:
    """Its runs, out of the batch and under a short lease: as if just picked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE triage_triage
               SET batch_id = NULL, lease_until = clock_timestamp() + %s * interval '1 second'
             WHERE id IN (
                SELECT id FROM triage_triage WHERE batch_id = %s AND state = 'batched'
                 ORDER BY id
                 LIMIT %s
                   FOR UPDATE SKIP LOCKED)
            RETURNING id
            """,
            [PICK_SECONDS, batch_id, LINES_AT_MOST],
        )
        return _load([row[0] for row in cursor.fetchall()])


def _find_hard(runs: Sequence[Triage]) -> list[Asked]:
    """The runs for which the cascade, with the first model's stored reply, would ask the strong model."""
    current, thresholds = taxonomy.current(), thresholds_in_force()
    asked = ((run, _request(run, current)) for run in runs)
    return [each for each in asked if _is_hard(*each, current, thresholds)]


def _is_hard(run: Triage, request: Request, current: Taxonomy, thresholds: Thresholds) -> bool:
    text = gateway.find_stored(request, model=_first_model())
    if text is None:
        return False
    try:
        answer = parse(text, current)
    except AnswerUnusable:
        return True
    local = stage_0.guess(run.ticket, current, triage_id=run.pk, is_rerun=run.is_rerun)
    origin = Origin(Stage.FIRST, _first_model(), guide_version(current))
    answer = calibrate(answer, origin, local=local)
    return bool(reason_to_escalate(answer, current, thresholds))


def _escalate(hard: Sequence[Asked], *, batch_id: int) -> int:
    """How many are asked in a batch of the strong model; where it finds no room they are queued, and asked live."""
    try:
        return _prepare(hard, model=route_of(Feature.ESCALATE).model_asked).lines
    except GatewayError as error:
        log.warning("no batch for the strong model", runs=len(hard), error=str(error))
        _queue([run.pk for run, _ in hard], batch_id=batch_id)
        return 0
