"""The candidate that shadows the champion before it may take its place by night.

A local model is deterministic, so nothing of it runs beside the champion: by night it is asked what it would have said to the
tickets that triage has sorted since the release gate let it through. At most AT_MOST of them, the newest.

Where the champion answered alone and was corrected, nothing counts but an audit: its right answers are never confirmed. Nor is
what Claude labelled meanwhile a fair sample of all: what the challenger would have broken is counted on audited tickets and on
those that were explored, unless the champion answered none alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict
from triage.models import Field, LocalModel, LocalModelState, Stage, State, Triage
from triage.services import taxonomy
from triage.services.classification import stage_0
from triage.services.classification.stage_0 import LocalGuess
from triage.services.evaluation import automation
from triage.services.evaluation.learning import shadow
from triage.services.evaluation.learning.examples import OF_CLAUDE
from triage.services.evaluation.learning.shadow import DAY, Outcome, Seen, Shadow
from triage.services.local import storage
from triage.services.statistics.thresholds import Promise
from triage.services.taxonomy import Taxonomy

AT_MOST = 5_000
AT_ONCE = 500  # tickets with their texts
COLUMNS = (
    "stage",
    "local_answer",
    "ticket__subject",
    "ticket__description",
    "ticket__instruction_text",
    "fields__value",
    "fields__corrected_to",
    "fields__corrected_by",
    "audit__truth",
)


def find() -> LocalModel | None:
    """The candidate that shadows the champion of now and was not held back, without its content."""
    champion = automation.champion()
    row = LocalModel.objects.filter(state=LocalModelState.CANDIDATE).defer("content").first()
    if champion is None or row is None or row.release.get("champion") != champion.version:
        return None
    kept = of(row)
    return row if kept and kept.outcome is not Outcome.FAILED else None


def of(row: LocalModel) -> Shadow | None:
    """How its shadow stood when it was last looked at; None if it has none."""
    kept: Mapping[str, Any] | None = row.release.get("shadow")
    return shadow.read(kept) if kept else None


def count(kept: Shadow) -> int:
    """How many tickets triage has sorted since it began, AT_MOST counted."""
    return _since(kept).order_by().values("ticket_id").distinct()[:AT_MOST].count()


def look(candidate_id: int) -> Shadow:
    """How its shadow stands now, which is kept with it; on the first day, and when there is a verdict, as it stood.

    Raises:
        Conflict: It has no shadow, or somebody has promoted, replaced or judged it meanwhile.
        NoTaxonomy: Nothing has been published yet.
    """
    candidate = LocalModel.objects.get(pk=candidate_id)
    kept, champion, now = of(candidate), automation.champion(), timezone.now()
    if kept is None or champion is None:
        raise Conflict(f"Local model {candidate.version} shadows no champion.")
    if kept.outcome is not Outcome.GOES_ON or now - kept.began < DAY:
        return kept
    runs = _runs(kept, champion)
    row = automation.current()
    found = shadow.judge(
        replace(
            kept,
            is_cut=len(runs) >= AT_MOST,
            is_simulated=settings.TRIAGE_SIMULATOR,
            is_local_on=_since(kept).filter(stage=Stage.LOCAL).exists(),
            is_after_failure=_has_failed_beside(champion),
        ),
        list(_seen(_newest(runs), candidate, champion, taxonomy.current())),
        now=now,
        promise=Promise(row.target, row.d),
        has_thresholds=bool(candidate.thresholds),
    )
    _keep(candidate, found)
    return found


def _since(kept: Shadow) -> QuerySet[Triage]:
    return Triage.objects.filter(state=State.DONE, finished_at__gt=kept.began)


def _has_failed_beside(champion: LocalModel) -> bool:
    """Whether its shadow has held back a challenger of this champion, were it the same one, or nearly."""
    return LocalModel.objects.filter(
        state__in=(LocalModelState.CANDIDATE, LocalModelState.RETIRED),
        release__champion=champion.version,
        release__shadow__outcome=Outcome.FAILED.value,
    ).exists()


def _runs(kept: Shadow, champion: LocalModel) -> list[tuple[int, int]]:
    """(ticket, run): those for which the champion made its guess, the newest first."""
    rows = _since(kept).filter(local_answer__version=champion.version)
    return list(rows.order_by("-finished_at", "-id").values_list("ticket_id", "pk")[:AT_MOST])


def _newest(runs: Sequence[tuple[int, int]]) -> list[int]:
    """The newest run of each ticket."""
    newest: dict[int, int] = {}
    for ticket, run in runs:
        newest.setdefault(ticket, run)
    return list(newest.values())


def _seen(
    runs: Sequence[int], candidate: LocalModel, champion: LocalModel, current: Taxonomy
) -> Iterator[Seen]:
    """Texts are held for AT_ONCE tickets only."""
    model, system = storage.load(BytesIO(bytes(candidate.content))), User.objects.system().pk
    labelled = Triage.objects.filter(fields__field=Field.LABEL)
    for start in range(0, len(runs), AT_ONCE):
        rows = list(labelled.filter(pk__in=runs[start : start + AT_ONCE]).values(*COLUMNS))
        texts = [stage_0.text_of(r["ticket__subject"], r["ticket__description"]) for r in rows]
        said = stage_0.said_by(candidate, model, model.predict(texts))
        for row, mine in zip(rows, said, strict=True):
            theirs = LocalGuess(**row["local_answer"])
            is_flagged = bool(row["ticket__instruction_text"])
            yield Seen(
                stands=_stands(row, system),
                challenger=mine.label,
                champion=theirs.label,
                is_alone=stage_0.may_answer(mine, candidate, current, is_flagged=is_flagged),
                is_champion_alone=theirs.propensity is not None
                or stage_0.may_answer(theirs, champion, current, is_flagged=is_flagged),
                is_drawn=bool(row["audit__truth"]) or theirs.explored,
            )


def _stands(row: Mapping[str, Any], system: int) -> str:
    """An audit's label; else, where Claude gave one, a person's correction of it before itself; "" where a local model did."""
    if row["audit__truth"]:
        return str(row["audit__truth"])
    if row["stage"] not in OF_CLAUDE:
        return ""
    is_corrected = row["fields__corrected_to"] and row["fields__corrected_by"] != system
    return str(row["fields__corrected_to"] if is_corrected else row["fields__value"])


def _keep(candidate: LocalModel, found: Shadow) -> None:
    with transaction.atomic():
        row = LocalModel.objects.select_for_update().defer("content").get(pk=candidate.pk)
        if row.state != LocalModelState.CANDIDATE or row.release != candidate.release:
            raise Conflict(f"Local model {row.version} was changed while its shadow was judged.")
        row.release |= {"shadow": found.as_json()}
        row.save(update_fields=["release"])
