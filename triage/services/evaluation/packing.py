"""Packed calls in backfill: off, until a paired test shows that they lose next to nothing, or a person answers for them by name.

The test is an evaluation with A as it is in force and B the same but for `tickets_a_call`. All its tickets count, not one part
alone, for nothing is fitted on them: the number of tickets a call was fixed before anything was asked.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from accounts.models import User
from triage.exceptions import Conflict, InvalidInput, NoTaxonomy
from triage.models import (
    AnswerState,
    Evaluation,
    EvaluationAnswer,
    EvaluationSource,
    EvaluationState,
    Stage,
)
from triage.services import taxonomy
from triage.services.classification.packing import TICKETS_AT_MOST
from triage.services.classification.packing_permission import find_permission
from triage.services.evaluation import automation
from triage.services.evaluation.automation import Switched, checked_reason
from triage.services.evaluation.cases import Case
from triage.services.evaluation.configurations import Configuration, from_json, in_force
from triage.services.evaluation.reading import cases_of
from triage.services.statistics.mcnemar import Paired, loss_at_most, pair

log = structlog.get_logger(__name__)

MARGIN = 0.01  # a point: so much may packed calls lose, as a share of the tickets
D = 0.05
MOST = 1_000_000  # tickets: nobody labels more
GROUNDS_MAX_CHARACTERS = 300
SAVED = ("tickets_a_call", "packing_grounds", "packing_evaluation")


@dataclass(frozen=True, slots=True)
class PackingVerdict:
    """What an evaluation says of packed calls. `loss_at_most` (a share) holds but for a chance of D.

    `more_tickets`: about so many more would show it if they came out like these; 0 where it is shown, None where no number would.
    """

    tickets_a_call: int
    paired: Paired
    loss_at_most: float
    more_tickets: int | None
    is_simulated: bool

    @property
    def is_shown(self) -> bool:
        return self.loss_at_most <= MARGIN

    @property
    def words(self) -> str:
        paired = self.paired
        where = f"On {paired.tickets:,} {'simulated answers' if self.is_simulated else 'tickets'}"
        packed, single = paired.both + paired.only_first, paired.both + paired.only_second
        return (
            f"{where}, {self.tickets_a_call} tickets a call were right {packed:,} times and one a call {single:,} times: "
            f"at most {100 * max(0.0, self.loss_at_most):.1f} points are lost (95 %)."
        )

    @property
    def refusal(self) -> str:
        """Why that is not enough, in words; "" where it is."""
        if self.is_shown:
            return ""
        if self.more_tickets is None:
            rest = "They are worse by about as much as that, so more tickets would not show it."
        else:
            rest = f"About {self.more_tickets:,} more labelled tickets would show it, if they come out like these."
        return f"{self.words} At most {100 * MARGIN:g} point may be lost. {rest}"


def judge_packing(evaluation: Evaluation) -> PackingVerdict:
    """What `evaluation` says of the packed calls of its configuration B against single calls.

    Raises:
        Conflict: It is no such test, and why, in words: not done, of chosen tickets, not what is in force, or hardly packed.
    """
    tickets_a_call = _tested(evaluation)
    single, packed = (cases_of(evaluation, configuration=place) for place in (0, 1))
    verdict = compare_packed(single, packed, tickets_a_call=tickets_a_call)
    return replace(verdict, is_simulated=bool((evaluation.results or {}).get("is_simulated")))


def compare_packed(
    single: Sequence[Case], packed: Sequence[Case], *, tickets_a_call: int
) -> PackingVerdict:
    """The paired comparison on the tickets that were asked alone; one that packed calls left unanswered is a wrong one.

    Raises:
        Conflict: There is none.
    """
    if not single:
        raise Conflict("No ticket of this evaluation was asked alone.")
    right = {case.number: case.is_right for case in packed}
    both = [(right.get(case.number, False), case.is_right) for case in single]
    paired = pair([mine for mine, _ in both], [theirs for _, theirs in both])
    return PackingVerdict(
        tickets_a_call=tickets_a_call,
        paired=paired,
        loss_at_most=loss_at_most(paired, d=D),
        more_tickets=_more_tickets(paired),
        is_simulated=False,
    )


def allow_packing(evaluation: Evaluation, *, by: User) -> Switched:
    """From now on backfill packs as many tickets into a call as `evaluation` has tested, while what it tested is in force.

    Raises:
        Conflict: The evaluation is no such test, or does not show it; in words, with the tickets that are missing.
    """
    verdict = judge_packing(evaluation)
    if verdict.refusal:
        raise Conflict(verdict.refusal)
    grounds = f"Evaluation {evaluation.pk}, switched on by {by}. {verdict.words}"
    return _save(verdict.tickets_a_call, grounds, by=by, evaluation=evaluation)


def override_packing(tickets_a_call: int, *, reason: str, by: User) -> Switched:
    """From now on backfill packs so many tickets into a call without a test, for which `by` answers by name.

    Raises:
        InvalidInput: The number is not 2 to TICKETS_AT_MOST, or no reason is given.
    """
    if not 2 <= tickets_a_call <= TICKETS_AT_MOST:
        raise InvalidInput("tickets_a_call", f"it is not 2 to {TICKETS_AT_MOST}")
    grounds = f"Without a test, by {by}: {checked_reason(reason)}"
    return _save(tickets_a_call, grounds, by=by)


def switch_packing_off(*, by: User) -> Switched:
    """Backfill asks for one ticket a call again."""
    return _save(1, "", by=by)


def why_unused() -> str:
    """Why packing is allowed but not used, as a sentence; "" where it is used, or not allowed."""
    permission = find_permission()
    if permission is None:
        return ""
    try:
        why = permission.why_unused(taxonomy.current())
    except NoTaxonomy:
        return ""
    if not why:
        return ""
    return f"Packing is allowed by evaluation {permission.evaluation_id} but not used: {why}."


def _save(
    tickets_a_call: int, grounds: str, *, by: User, evaluation: Evaluation | None = None
) -> Switched:
    with transaction.atomic():
        row = automation.locked()
        row.tickets_a_call = tickets_a_call
        row.packing_grounds = grounds[:GROUNDS_MAX_CHARACTERS]
        row.packing_evaluation = evaluation
        row.save(update_fields=[*SAVED, "updated_at"])
    log.info("packing changed", tickets_a_call=tickets_a_call, grounds=grounds, by=by.pk)
    tickets = "one ticket" if tickets_a_call == 1 else f"{tickets_a_call} tickets"
    return Switched(f"Backfill asks for {tickets} a call.", by, grounds)


def _tested(evaluation: Evaluation) -> int:
    """The tickets a call that it tests."""
    if evaluation.state != EvaluationState.DONE:
        raise Conflict("This evaluation is not done.")
    if evaluation.source == EvaluationSource.CORRECTED:
        raise Conflict("Corrected tickets are no random sample: they show nothing for the others.")
    kept = [from_json(each) for each in evaluation.configurations]
    if len(kept) != 2 or _alone(kept[0]) != _alone(kept[1]):
        raise Conflict("This evaluation does not compare two ways that differ in packing alone.")
    single, packed = kept
    if single.tickets_a_call > 1 or packed.tickets_a_call == 1:
        raise Conflict("Configuration A must ask for one ticket a call, and B for several.")
    if _alone(single) != _alone(in_force()):
        raise Conflict("Labels, models or thresholds have changed since: test what is in force.")
    if bool((evaluation.results or {}).get("is_simulated")) != settings.TRIAGE_SIMULATOR:
        raise Conflict("Simulated answers show nothing of Claude’s, nor the reverse.")
    _check_packed(evaluation, packed.tickets_a_call)
    return packed.tickets_a_call


def _alone(configuration: Configuration) -> Configuration:
    """All of it but how many tickets go into a call, and what does not decide a label."""
    return replace(configuration, name="", tickets_a_call=1, asks_strong_always=False)


def _check_packed(evaluation: Evaluation, tickets_a_call: int) -> None:
    """Raises Conflict where less than half of B's answers came from calls as full as that: retries and rests go alone."""
    answers = EvaluationAnswer.objects.filter(
        ticket__evaluation=evaluation,
        configuration=1,
        stage=Stage.FIRST,
        state=AnswerState.ANSWERED,
    )
    full = Count("pk", filter=Q(tickets_in_call__gte=tickets_a_call))
    counts = answers.aggregate(all=Count("pk"), full=full)
    if 2 * counts["full"] < counts["all"] or not counts["all"]:
        raise Conflict(
            f"Only {counts['full']:,} of B's {counts['all']:,} answers came from calls with {tickets_a_call} tickets."
        )


def _more_tickets(paired: Paired) -> int | None:
    """How many more would show it, if both ways went on to differ at the rate seen; the losses rounded up, the gains down."""
    totals = range(paired.tickets, MOST)
    place = bisect_left(totals, True, key=lambda n: _bound_at(paired, n) <= MARGIN)
    return place if place < len(totals) else None


def _bound_at(paired: Paired, tickets: int) -> float:
    lost = ceil(paired.only_second * tickets / paired.tickets)
    won = floor(paired.only_first * tickets / paired.tickets)
    return loss_at_most(Paired(tickets - lost - won, won, lost, 0), d=D)
