"""run(): one ticket through the cascade. Claim, ask, decide, record. What the local model may answer alone is not asked.

Whatever happens on the way, the ticket stays: an outage makes the triage `skipped` and due again later, an answer that
cannot be used goes to the next stage and in the end to a person.
"""

from dataclasses import dataclass, replace

from accounts.models import User
from triage.exceptions import AnswerUnusable, GatewayError, NoTaxonomy, RequestRejected
from triage.models import Stage, Triage, Variant
from triage.services import experiments, gateway, taxonomy
from triage.services.classification import recording, stage_0, work
from triage.services.classification.answer import REASON_MAX_CHARACTERS, Answer, parse
from triage.services.classification.calibrating import FEATURES, Origin, calibrate
from triage.services.classification.prompt import build_request, guide_version
from triage.services.classification.recording import Verdict
from triage.services.classification.rule import (
    Thresholds,
    reason_to_escalate,
    thresholds_in_force,
)
from triage.services.classification.stage_0 import Guessed
from triage.services.classification.work import Claimed
from triage.services.gateway import About, Reply, Reuse
from triage.services.masking import Masked, mask
from triage.services.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class StageResult:
    """What one stage brought: an answer, or the reason why there is none that can be used."""

    answer: Answer | None
    reply: Reply | None
    problem: str = ""
    cost_nanousd: int = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """What stays the same for both stages of one run."""

    masked: Masked
    taxonomy: Taxonomy
    thresholds: Thresholds
    variant: Variant | None
    about: About
    by: User
    reuse: Reuse
    local: Guessed | None


def run(triage_id: int) -> None:
    """Triage one ticket, unless somebody else is at it or it is not due. Costs money; safe to run twice."""
    claimed = work.claim(triage_id)
    if claimed is None:
        return
    try:
        verdict = _decide(claimed, taxonomy.current())
    except (GatewayError, NoTaxonomy) as error:
        recording.skip(claimed, error)
    else:
        recording.record(claimed, verdict)


def _decide(claimed: Claimed, current: Taxonomy) -> Verdict:
    local = stage_0.guess(
        claimed.ticket, current, triage_id=claimed.triage_id, is_rerun=claimed.is_rerun
    )
    if local and local.guess.is_alone:
        return _alone(local, current)
    variant = experiments.variant_for(_run_of(claimed))
    return _verdict(
        Asking(
            masked=mask(build_request(claimed.ticket, current, variant=variant)),
            taxonomy=current,
            thresholds=thresholds_in_force(),
            variant=variant,
            about=About("ticket", str(claimed.ticket.pk)),
            by=User.objects.system(),
            reuse=Reuse.NEVER if claimed.is_rerun else Reuse.STORED,
            local=local,
        )
    )


def _alone(local: Guessed, current: Taxonomy) -> Verdict:
    """Nobody was asked, so there is no prompt, and no variant of one."""
    return Verdict(
        stage=Stage.LOCAL,
        answer=local.answer(current),
        reply=None,
        first_answer=None,
        escalation_reason="",
        outage=None,
        cost_nanousd=0,
        latency_ms=local.took_ms,
        taxonomy=current,
        thresholds=thresholds_in_force(),
        prompt_version="",
        local=local.guess,
    )


def _run_of(claimed: Claimed) -> Triage:
    """The run as far as it says what it was asked with before."""
    runs = Triage.objects.select_related("variant").only("ticket", "batch", "variant")
    return runs.get(pk=claimed.triage_id)


def _verdict(asking: Asking) -> Verdict:
    """Ask the first stage and, where the rule says so, the strong one.

    Raises:
        GatewayError: Nobody answered.
    """
    first = _ask(asking, Stage.FIRST)
    reason = first.problem
    if first.answer:
        reason = reason_to_escalate(first.answer, asking.taxonomy, asking.thresholds)
        if not reason:
            return _conclude(asking, Stage.FIRST, decider=first, asked=[first])
    try:
        strong = _ask(asking, Stage.STRONG, first=first.answer)
    except GatewayError as error:
        error.cost_nanousd += first.cost_nanousd
        if first.answer is None:
            raise
        return _conclude(
            asking, Stage.FIRST, decider=first, asked=[first], reason=reason, outage=error
        )
    if strong.answer:
        return _conclude(asking, Stage.STRONG, decider=strong, asked=[first, strong], reason=reason)
    reason = f"{reason}; then: {strong.problem}"
    return _conclude(asking, Stage.NONE, decider=first, asked=[first, strong], reason=reason)


def _ask(asking: Asking, stage: Stage, *, first: Answer | None = None) -> StageResult:
    """One stage's answer; a reply that cannot be used is a result too, not an error."""
    try:
        reply = gateway.ask(
            asking.masked.request,
            feature=FEATURES[stage],
            by=asking.by,
            about=asking.about,
            reuse=asking.reuse,
        )
    except (AnswerUnusable, RequestRejected) as error:
        return StageResult(None, None, _in_words(error), error.cost_nanousd)
    try:
        answer = _read(reply, asking)
    except AnswerUnusable as error:
        return StageResult(None, reply, _in_words(error), reply.cost_nanousd)
    origin = Origin(stage, reply.model_served, guide_version(asking.taxonomy))
    calibrated = calibrate(answer, origin, first=first, local=asking.local)
    return StageResult(calibrated, reply, "", reply.cost_nanousd)


def _read(reply: Reply, asking: Asking) -> Answer:
    """The answer in `reply`; its reason, which people read, with what placeholders in it stand for."""
    answer = parse(reply.text, asking.taxonomy)
    reason = asking.masked.restore(answer.reason)
    return replace(answer, reason=reason[:REASON_MAX_CHARACTERS])


def _in_words(error: GatewayError) -> str:
    return str(error).rstrip(".")[:150]


def _conclude(
    asking: Asking,
    stage: Stage,
    *,
    decider: StageResult,
    asked: list[StageResult],
    reason: str = "",
    outage: GatewayError | None = None,
) -> Verdict:
    return Verdict(
        stage=stage,
        answer=decider.answer,
        reply=decider.reply,
        first_answer=asked[0].answer if stage is Stage.STRONG else None,
        escalation_reason=reason[:200],
        outage=outage,
        cost_nanousd=outage.cost_nanousd if outage else sum(s.cost_nanousd for s in asked),
        latency_ms=sum(s.reply.latency_ms for s in asked if s.reply),
        taxonomy=asking.taxonomy,
        thresholds=asking.thresholds,
        prompt_version=asking.masked.request.prompt_version,
        variant=asking.variant,
        local=asking.local.guess if asking.local else None,
    )
