"""Makes a candidate: a local model of confirmed labels, with the thresholds that are certified for it and its trust in Claude's.

Only for bulk work and commands: it takes seconds and scikit-learn. The content of a model holds words of the tickets that it was
trained on. What is deleted is gone with the next training; of models that are out of use only the former champion is kept, for
the way back, and of candidates only the newest.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from triage.exceptions import InvalidInput
from triage.models import Field, FieldDecision, LocalModel, LocalModelState, Stage, State
from triage.services import taxonomy
from triage.services.classification import stage_0
from triage.services.evaluation import automation
from triage.services.evaluation.learning import certifying, examples, fading
from triage.services.evaluation.learning.certifying import Certificate
from triage.services.evaluation.learning.dealing import Dealt, deal
from triage.services.evaluation.learning.examples import LEAST_TICKETS, Example, Gathered
from triage.services.local import storage, training
from triage.services.local.fusion import fit_trust
from triage.services.local.model import Model, places_of
from triage.services.statistics.thresholds import Promise
from triage.services.taxonomy import Taxonomy

LEAST_LABELS = 2
TRUST_FROM = 30  # answers of a Claude model on tickets for calibrating
SAVE_LOCK = 7_210_013  # two that have trained the same must not both keep it


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a training used and proved, before it is kept."""

    model: Model
    dealt: Dealt
    certificate: Certificate
    trust: Mapping[str, float]
    left_out: Mapping[str, int]
    promise: Promise
    accuracy: tuple[int, int]


def train(*, by: User) -> LocalModel:
    """A new candidate; the model that is there already, where the same tickets would make and prove the same.

    Raises:
        NoTaxonomy: Nothing has been published yet.
        InvalidInput: There are too few confirmed labels; it says how many there are.
    """
    current = taxonomy.current()
    row = automation.current()
    learnt = _learn(examples.gather(current), current, Promise(row.target, row.d))
    return _keep(learnt, current, by=by)


def _learn(gathered: Gathered, current: Taxonomy, promise: Promise) -> Learnt:
    dealt = deal(gathered.examples, now=timezone.now())
    _check_enough(gathered.examples, dealt.train)
    model = training.train(
        [each.text for each in dealt.train],
        [each.label for each in dealt.train],
        trusted=fading.weights(dealt.train, newest=fading.find_newest(gathered.examples)),
    )
    calibrate, choose, compare = (
        certifying.guesses(model, part, current)
        for part in (dealt.calibrate, dealt.choose, dealt.compare)
    )
    return Learnt(
        model=model,
        dealt=dealt,
        certificate=certifying.certify(
            model, learnt=dealt.train, calibrate=calibrate, choose=choose, promise=promise
        ),
        trust=_trust(model, dealt.calibrate),
        left_out=gathered.left_out,
        promise=promise,
        accuracy=(sum(each.is_right for each in compare), len(compare)),
    )


def _check_enough(found: Sequence[Example], train: Sequence[Example]) -> None:
    if len(found) < LEAST_TICKETS:
        missing = LEAST_TICKETS - len(found)
        raise InvalidInput(
            "tickets",
            f"{len(found):,} have a confirmed label that may teach; {missing:,} more are needed, {LEAST_TICKETS} in all",
        )
    if len({each.label for each in train}) < LEAST_LABELS:
        raise InvalidInput("labels", f"at least {LEAST_LABELS} are needed to tell them apart")


def _trust(model: Model, calibrate: Sequence[Example]) -> dict[str, float]:
    """By Claude model: how far its label is trusted beside the local one, fitted on tickets that the local model has not seen."""
    said: dict[str, list[tuple[Example, str]]] = defaultdict(list)
    for example, (name, label) in _answers(calibrate):
        said[name].append((example, label))
    found = {}
    for name, answers in said.items():
        if len(answers) >= TRUST_FROM:
            texts = [example.text for example, _ in answers]
            truths = places_of([example.label for example, _ in answers], model.labels)
            named = places_of([label for _, label in answers], model.labels)
            found[name] = fit_trust(model.predict(texts).probabilities, named, truths)
    return found


def _answers(calibrate: Sequence[Example]) -> list[tuple[Example, tuple[str, str]]]:
    """What Claude's models decided on these tickets: the newest run of each."""
    tickets = {each.ticket_id: each for each in calibrate if each.ticket_id}
    rows = FieldDecision.objects.filter(
        field=Field.LABEL,
        triage__ticket__in=list(tickets),
        triage__state=State.DONE,
        triage__stage__in=(Stage.FIRST, Stage.STRONG),
    ).exclude(value="")
    names = ("triage__ticket_id", "triage__model_served", "value")
    newest = {
        ticket: (name, label) for ticket, name, label in rows.order_by("id").values_list(*names)
    }
    return [(tickets[ticket], said) for ticket, said in newest.items()]


def _keep(learnt: Learnt, current: Taxonomy, *, by: User) -> LocalModel:
    values = _values(learnt, current)
    with transaction.atomic():
        _take_lock()
        known = LocalModel.objects.filter(
            version=learnt.model.version,
            certificate=values["certificate"],
            state__in=(LocalModelState.CANDIDATE, LocalModelState.CHAMPION),
        )
        if same := known.first():
            return same
        LocalModel.objects.filter(state=LocalModelState.CANDIDATE).update(
            state=LocalModelState.RETIRED, retired_at=timezone.now(), content=b""
        )
        return LocalModel.objects.create(**values, content=_content(learnt.model), by=by)


def _values(learnt: Learnt, current: Taxonomy) -> dict[str, Any]:
    right, judged = learnt.accuracy
    certificate = {
        "groups": dict(learnt.certificate.groups),
        "proofs": {group: dict(proof) for group, proof in learnt.certificate.proofs.items()},
        "promise": asdict(learnt.promise),
        "unknown_at_most": stage_0.UNKNOWN_AT_MOST,
        "tickets": {
            "train": len(learnt.dealt.train),
            "calibrate": len(learnt.dealt.calibrate),
            "choose": len(learnt.dealt.choose),
            "compare": len(learnt.dealt.compare),
        },
        "right": right,
        "judged": judged,
        "left_out": dict(learnt.left_out),
        "is_simulated": settings.TRIAGE_SIMULATOR,
    }
    return {
        "version": learnt.model.version,
        "taxonomy_digest": current.digest,
        "tickets": learnt.model.tickets,
        "labels": list(learnt.model.labels),
        "thresholds": dict(learnt.certificate.thresholds),
        "certificate": certificate,
        "trust": dict(learnt.trust),
    }


def _content(model: Model) -> bytes:
    to = BytesIO()
    storage.save(model, to)
    return to.getvalue()


def _take_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SAVE_LOCK])
