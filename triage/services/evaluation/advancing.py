"""advance(): a slice of an evaluation's work, under a lease. Only the `bulk` worker and commands import this.

Whatever is killed on the way, the lease ends, the sweeper sends the run again, and what was paid for is found again.
"""

from enum import StrEnum
from time import monotonic

import structlog
from django.conf import settings

from triage.models import Evaluation, EvaluationState
from triage.queue import TaskName, enqueue
from triage.services.evaluation import automation, claims, results, scaling, waves
from triage.services.evaluation.claims import Claimed, ClaimLost
from triage.services.evaluation.live import Slice, ask_what_is_left
from triage.services.evaluation.reading import cases_of
from triage.services.evaluation.shuffling import CODE, find_shuffled
from triage.services.evaluation.spending import purse_of
from triage.services.evaluation.stopping import Stop
from triage.services.evaluation.work import Run, load
from triage.services.statistics.thresholds import Promise

log = structlog.get_logger(__name__)

SLICE_SECONDS = 30.0  # then nothing more is asked; what is underway may take ASK_SECONDS
PAUSE_SECONDS = 20.0  # in an outage
ERROR_MAX_CHARACTERS = 300


class Next(StrEnum):
    """What the run needs after a slice."""

    NOTHING = "nothing"  # it is over, or somebody else is at it
    MORE = "more"
    BATCHES = "batches"  # they must end first; the sweeper looks
    PAUSE = "pause"


def advance(evaluation_id: int) -> Next:
    """Work on it for some 30 s, at most 60, unless somebody else does. Costs money, at most the run's budget in all.

    Safe to run twice and by two at once, and in a process that is killed.
    """
    claimed = claims.claim(evaluation_id)
    if claimed is None:
        return Next.NOTHING
    following = Next.NOTHING
    try:
        following = _work(claimed)
    except Stop as stop:
        log.warning("an evaluation ends early", evaluation=evaluation_id, reason=str(stop))
        claims.end(claimed, state=stop.state, error=str(stop)[:ERROR_MAX_CHARACTERS])
    except ClaimLost:
        log.info("an evaluation was ended, or is worked on elsewhere", evaluation=evaluation_id)
    finally:
        pause = PAUSE_SECONDS if following == Next.PAUSE else 0.0
        claims.release(claimed, pause_seconds=pause)
    if following == Next.MORE:
        enqueue(TaskName.ADVANCE_EVALUATION, evaluation_id)
    return following


def _work(claimed: Claimed) -> Next:
    evaluation = Evaluation.objects.get(pk=claimed.evaluation_id)
    run = load(evaluation)
    waves.collect(run)
    if evaluation.state != EvaluationState.RUNNING:
        return Next.NOTHING
    if not run.answers:
        _look_for_shuffled(run)
    now = Slice(run, claimed, purse_of(evaluation), until=monotonic() + SLICE_SECONDS)
    _ask(now, is_alone=evaluation.is_batch)
    if evaluation.is_batch and not now.is_over:
        waves.submit_missing(run, claimed, now.purse, until=now.until)
    if run.is_complete:
        _finish(run, claimed)
        return Next.NOTHING
    return _next(now)


def _ask(now: Slice, *, is_alone: bool) -> None:
    """First for the first models, then for what these escalate, which is settled only then."""
    scaling.scale_firsts(now.run, now.claimed)
    ask_what_is_left(now, is_alone=is_alone)
    if scaling.scale_firsts(now.run, now.claimed):
        ask_what_is_left(now, is_alone=is_alone)


def _next(now: Slice) -> Next:
    if now.is_outage or now.tried:
        return Next.PAUSE
    if any(map(waves.is_in_batch, now.run.answers.values())):
        return Next.BATCHES
    return Next.MORE


def _look_for_shuffled(run: Run) -> None:
    """Before anything is asked: labels that do not go with their texts are a finding."""
    evaluation = run.evaluation
    found = find_shuffled(run.tickets, seed=evaluation.seed)
    others = [each for each in evaluation.findings if each["code"] != CODE]
    if found or len(others) < len(evaluation.findings):
        evaluation.findings = [*([found.as_json()] if found else []), *others]
        Evaluation.objects.filter(pk=evaluation.pk).update(findings=evaluation.findings)


def _finish(run: Run, claimed: Claimed) -> None:
    """The results of all answers, kept with the run."""
    scaling.scale_strongs(run, claimed)
    evaluation, now = run.evaluation, automation.current()
    cases = [cases_of(evaluation, configuration=each.place) for each in run.askings]
    told = results.compute(
        cases[0],
        cases[1] if len(cases) > 1 else None,
        configurations=[each.configuration for each in run.askings],
        labels=run.askings[0].taxonomy.labels,
        promise=Promise(now.target, now.d),
    )
    told["is_simulated"] = settings.TRIAGE_SIMULATOR
    claims.end(claimed, state=EvaluationState.DONE, results=told, error="")
