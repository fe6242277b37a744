"""What evaluations prove for each label, and whether that still holds. Reads alone; `gate` switches."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from triage.exceptions import InvalidInput
from triage.models import Evaluation, EvaluationState, Label
from triage.services.evaluation.gate_fitting import HOLDS_FOR, Now, now_in_force, why_unfit
from triage.services.evaluation.gate_looks import Looks, looks_until, ordinal

LOOKED_AT = 50  # the newest evaluations
NOT_DONE = "no evaluation is done that speaks of this label"

Json = Mapping[str, Any]


class Standing(StrEnum):
    """On what grounds a label's answers are applied without review, or that they are not."""

    OFF = "off"
    PROVEN = "proven"
    OUTDATED = "outdated"
    OVERRIDDEN = "overridden"


@dataclass(frozen=True, slots=True)
class Proof:
    """What an evaluation certifies for the answers with one label.

    Args:
        group: Of the labels that share the threshold.
        threshold: From this confidence on (0 to 1), calibrated if the evaluation calibrated.
        target: At most this share of them is wrong,
        d: but for this chance that the promise is broken.
        answered: Judged tickets at that threshold, `errors` of them wrong.
        upper_error: The bound of the share of wrong ones that was proven.
        number: 1 where it was the first look at the same labels and models, 2 for the second: the promise is one of the first.
    """

    evaluation_id: int
    is_simulated: bool
    group: str
    threshold: float
    target: float
    d: float
    answered: int
    errors: int
    upper_error: float
    number: int

    @property
    def words(self) -> str:
        """ "Evaluation 12: at most 2 % wrong with 95 % confidence from 0.91 on; 812 judged tickets"."""
        simulated = " (simulated)" if self.is_simulated else ""
        return (
            f"Evaluation {self.evaluation_id}{simulated}: at most {100 * self.target:g} % wrong with"
            f" {100 * (1 - self.d):g} % confidence from {self.threshold:.4g} on; {self.answered:,} judged tickets"
        )

    @property
    def note(self) -> str:
        """ "the 4th look at these labels and models in 90 days: the 95 % is a promise of one"; "" for the first."""
        if self.number == 1:
            return ""
        return (
            f"the {ordinal(self.number)} look at these labels and models in {HOLDS_FOR.days} days:"
            f" the {100 * (1 - self.d):g} % is a promise of one"
        )

    @property
    def sentences(self) -> str:
        """Both, as they stand in a history."""
        return f"{self.words}. It is {self.note}." if self.note else f"{self.words}."


@dataclass(frozen=True, slots=True)
class Row:
    """One active label at the gate.

    Args:
        proof: The newest one that holds for what is in force; None, and `refusal` says why.
        missing: About how many more judged tickets would prove it; None where nobody can say, or none are.
        outdated: Why what switched it on no longer holds; "" while it does.
        proposed_by: The evaluation that proposes to escalate it always; None where none does.
    """

    label: Label
    standing: Standing
    group: str
    proof: Proof | None
    refusal: str
    missing: int | None
    outdated: str
    proposed_by: int | None


@dataclass(frozen=True, slots=True)
class Said:
    """What a recommendation says of a label: `proof`, or why there is none."""

    group: str
    proof: Proof | None
    refusal: str = ""
    missing: int | None = None


def review() -> tuple[Row, ...]:
    """Every active label.

    Raises:
        NoTaxonomy: Nothing has been published yet.
    """
    heard = list(_speaking(now_in_force()))
    labels = Label.objects.filter(is_active=True).order_by("slug")
    return tuple(_row(label, heard) for label in labels.select_related("auto_apply_evaluation"))


def proof_for(label: Label) -> Proof | None:
    """The newest proof for the label that holds for what is in force."""
    heard = _speaking(now_in_force())
    found = (_said(label, each).proof for each in heard if not each.unfit)
    return next((proof for proof in found if proof), None)


def proof_by(evaluation: Evaluation, label: Label) -> Proof:
    """What this evaluation proves for the label.

    Raises:
        InvalidInput: It proves nothing for what is in force; `evaluation` is the field.
    """
    if evaluation.state != EvaluationState.DONE:
        raise InvalidInput("evaluation", "it is not done")
    now = now_in_force()
    heard = list(_heard(evaluation, now, looks_until(now.at)))
    fitting = [_said(label, each) for each in heard if not each.unfit]
    for said in fitting:
        if said.proof:
            return said.proof
    if fitting:
        raise InvalidInput("evaluation", fitting[0].refusal)
    raise InvalidInput("evaluation", heard[0].unfit if heard else "it has no results")


def is_proposed(label: Label) -> bool:
    """Whether an evaluation of what is in force proposes to escalate the label always."""
    return any(_proposes(each, label) for each in _speaking(now_in_force()))


@dataclass(frozen=True, slots=True)
class _Heard:
    """One configuration's recommendation; `unfit` says why it does not speak of what is in force, `number` as in `Proof`."""

    evaluation_id: int
    number: int
    is_simulated: bool
    recommendation: Json
    unfit: str


def _speaking(now: Now) -> Iterator[_Heard]:
    """The newest evaluations, configuration by configuration."""
    rows = Evaluation.objects.filter(state=EvaluationState.DONE).order_by("-finished_at", "-pk")
    looks = looks_until(now.at)
    for evaluation in rows[:LOOKED_AT]:
        yield from _heard(evaluation, now, looks)


def _heard(evaluation: Evaluation, now: Now, looks: Looks) -> Iterator[_Heard]:
    results = evaluation.results or {}
    for place, kept in enumerate(results.get("configurations", [])):
        recommendation = kept["recommendation"]
        unfit = why_unfit(evaluation, place, recommendation, now)
        is_simulated = bool(results.get("is_simulated"))
        number = looks.number_of(evaluation.pk, place)
        yield _Heard(evaluation.pk, number, is_simulated, recommendation, unfit)


def _row(label: Label, heard: list[_Heard]) -> Row:
    said = [_said(label, each) for each in heard if not each.unfit]
    best = next((each for each in said if each.proof), None) or next(iter(said), None)
    best = best or _newest(label, heard)
    outdated = _outdated(label, heard) if label.auto_apply_evaluation_id else ""
    proposing = next((each for each in heard if _proposes(each, label)), None)
    return Row(
        label=label,
        standing=_standing(label, outdated),
        group=best.group,
        proof=best.proof,
        refusal=best.refusal,
        missing=best.missing,
        outdated=outdated,
        proposed_by=proposing.evaluation_id if proposing else None,
    )


def _newest(label: Label, heard: list[_Heard]) -> Said:
    """What the newest evaluation says, of which none fits what is in force: a proof that does not fit is none."""
    if not heard:
        return Said("", None, NOT_DONE)
    said = _said(label, heard[0])
    return replace(said, proof=None, refusal=heard[0].unfit) if said.proof else said


def _standing(label: Label, outdated: str) -> Standing:
    if not label.auto_apply:
        return Standing.OFF
    if label.auto_apply_evaluation_id is None:
        return Standing.OVERRIDDEN
    return Standing.OUTDATED if outdated else Standing.PROVEN


def _outdated(label: Label, heard: list[_Heard]) -> str:
    """Why what switched the label on does not hold any more."""
    mine = [each for each in heard if each.evaluation_id == label.auto_apply_evaluation_id]
    if not mine:
        return f"it is none of the newest {LOOKED_AT} evaluations any more"
    fitting = [each for each in mine if not each.unfit]
    proofs = [proof for each in fitting if (proof := _said(label, each).proof)]
    if not proofs:
        return mine[0].unfit or "it does not certify the label’s group"
    least = min(proof.threshold for proof in proofs)
    if label.threshold is None or label.threshold < least:
        return f"the threshold was lowered; {least:.4g} was proven"
    return ""


def _said(label: Label, heard: _Heard) -> Said:
    group = _group_of(label.slug, heard.recommendation)
    if group is None:
        return Said("", None, "the evaluation does not know this label")
    if not group["is_certified"]:
        return Said(group["group"], None, group["words"], group["missing"])
    proof = Proof(
        evaluation_id=heard.evaluation_id,
        is_simulated=heard.is_simulated,
        group=group["group"],
        threshold=group["threshold"],
        target=heard.recommendation["target"],
        d=heard.recommendation["d"],
        answered=group["answered"],
        errors=group["errors"],
        upper_error=group["upper_error"],
        number=heard.number,
    )
    return Said(group["group"], proof)


def _group_of(slug: str, recommendation: Json) -> Json | None:
    groups = recommendation["groups"]
    return next((each for each in groups if slug in each["labels"]), None)


def _proposes(heard: _Heard, label: Label) -> bool:
    if heard.unfit or label.always_escalate:
        return False
    return any(each["label"] == label.slug for each in heard.recommendation["always_escalate"])
