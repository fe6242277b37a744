"""A candidate in shadow beside a champion, and tickets that triage has sorted since, as nights and Claude would leave them."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache
from io import BytesIO
from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.integration.learning.cases import a_champion, a_ticket, answer
from tests.unit.evaluation.local_cases import LABELS, tickets
from triage.models import Audit, LocalModel, LocalModelState, Stage, Triage
from triage.services import taxonomy
from triage.services.evaluation.learning.shadow import Outcome, Shadow
from triage.services.local import storage
from triage.services.local.training import train

CHAMPION = "v1"
Travel = Callable[[timedelta], None]


@cache
def content() -> bytes:
    """A model that is right and sure of nearly all the invented tickets."""
    to = BytesIO()
    storage.save(train(*tickets(400, seed=7, strays=0)), to)
    return to.getvalue()


def in_shadow(**fields: object) -> LocalModel:
    """One that the gate let through just now, and that may answer the easy labels from 0.5 on."""
    now = timezone.now().isoformat()
    release = {"passes": True, "reasons": [], "champion": CHAMPION, "tickets": 0, "at": now}
    values: dict[str, object] = {
        "content": content(),
        "version": "v2",
        "labels": list(LABELS),
        "state": LocalModelState.CANDIDATE,
        "thresholds": {"easy": 0.5},
        "taxonomy_digest": taxonomy.current().digest,
        "release": release | {"shadow": Shadow(since=now).as_json()},
        "promoted_at": None,
    }
    return a_champion(**(values | fields))


def triaged(
    number: int,
    *,
    is_wrong: bool = False,
    champion: str = CHAMPION,
    stage: Stage = Stage.FIRST,
    at: datetime | None = None,
    **answered: Any,
) -> list[Triage]:
    """So many tickets sorted an hour from now, rightly or not; the champion had said the right label, not surely."""
    texts, labels = tickets(number, seed=9, strays=0)
    at = at or timezone.now() + timedelta(hours=1)
    runs = []
    for place, (text, label) in enumerate(zip(texts, labels, strict=True)):
        said = LABELS[(LABELS.index(label) + 1) % len(LABELS)] if is_wrong else label
        moment = at + timedelta(seconds=place)
        run = answer(a_ticket(text), said, stage=stage, at=moment, **answered)
        run.local_answer = {"version": champion, "label": label, "chance": 0.4, "unknown": 0.1}
        run.save(update_fields=["local_answer"])
        runs.append(run)
    return runs


def answered_alone(
    number: int, *, as_challenger: bool, corrected_by: User | None = None
) -> list[Triage]:
    """So many that the champion has answered alone, as the challenger would or otherwise; a person has corrected that to the
    reverse.
    """
    texts, labels = tickets(number, seed=9, strays=0)
    at = timezone.now() + timedelta(hours=1)
    runs = []
    for text, label in zip(texts, labels, strict=True):
        other = LABELS[(LABELS.index(label) + 1) % len(LABELS)]
        said, reverse = (label, other) if as_challenger else (other, label)
        to = reverse if corrected_by else ""
        run = answer(
            a_ticket(text), said, stage=Stage.LOCAL, at=at, corrected_to=to, by=corrected_by
        )
        run.local_answer = {"version": CHAMPION, "label": said, "chance": 0.97, "unknown": 0.1}
        run.local_answer |= {"propensity": 0.01, "threshold": 0.9}
        run.save(update_fields=["local_answer"])
        runs.append(run)
    return runs


def confirm(runs: Iterable[Triage], *, by: User) -> None:
    """What the champion answered alone is right, as audits found."""
    for run in runs:
        said = (run.local_answer or {})["label"]
        Audit.objects.create(
            triage=run, label=said, stage=run.stage, truth=said, by=by, judged_at=timezone.now()
        )


def held_back(**fields: object) -> LocalModel:
    """A challenger of the same champion, which its shadow held back."""
    since = (timezone.now() - timedelta(days=2)).isoformat()
    kept = Shadow(since=since, outcome=Outcome.FAILED, words=("So many stand otherwise.",))
    release = {"passes": True, "reasons": [], "champion": CHAMPION, "at": since}
    return in_shadow(
        **({"version": "v0", "release": release | {"shadow": kept.as_json()}} | fields)
    )


def the_champion() -> LocalModel:
    return LocalModel.objects.get(state=LocalModelState.CHAMPION)


def system() -> User:
    return User.objects.system()
