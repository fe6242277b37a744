"""The release gate: a challenger against the champion on tickets that neither has learnt from, and the way back.

The golden set and the audits of four weeks, exact McNemar: the challenger must not be right significantly less often, and in no
group of labels more than MARGIN less often, by the upper bound. A model brings thresholds of its own; old ones never carry over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from triage.exceptions import Conflict
from triage.models import Automation, LocalModel, LocalModelState
from triage.services import taxonomy
from triage.services.classification import stage_0
from triage.services.evaluation import automation
from triage.services.evaluation.automation import Switched, checked_reason
from triage.services.evaluation.learning import examples
from triage.services.evaluation.learning.certifying import Group
from triage.services.evaluation.learning.dealing import deal
from triage.services.evaluation.learning.examples import Example
from triage.services.evaluation.learning.shadow import Outcome, Shadow
from triage.services.local import storage
from triage.services.statistics.mcnemar import Paired, loss_at_most, p_value, pair

log = structlog.get_logger(__name__)

MARGIN = 0.03
SIGNIFICANT = 0.05
FIRST = "There is no champion to compare it with."
NOTHING = (
    "There is no ticket to compare them on: neither a golden set nor audits of the last four weeks."
)
AGAINST = {
    Outcome.GOES_ON.value: "before its shadow is over",
    Outcome.FAILED.value: "against its shadow",
}
TAKEN_BACK = (
    "A person went back from a model of the same labels: it needs other ones, or somebody’s word."
)
GONE = "It knows labels that are not published any more: {}."


@dataclass(frozen=True, slots=True)
class Release:
    """The gate's verdict. `reasons` say why it does not pass, or why it passes without a comparison."""

    passes: bool
    reasons: tuple[str, ...]
    champion: str = ""
    tickets: int = 0
    only_candidate: int = 0
    only_champion: int = 0
    p_value: float | None = None
    groups: Mapping[str, Mapping[str, Any]] | None = None

    def as_json(self) -> dict[str, Any]:
        kept = {name: getattr(self, name) for name in self.__slots__}
        return kept | {"reasons": list(self.reasons), "at": timezone.now().isoformat()}


def judge(candidate_id: int) -> LocalModel:
    """The candidate with the gate's verdict, which is kept with it. Takes a second for thousands of tickets.

    One that passes shadows the champion from then on. Judged again it goes on, with what its shadow has shown so far, unless
    the champion has changed. What its shadow held back stays so beside that champion, whatever the gate says by now.

    Raises:
        Conflict: It is no candidate any more.
        NoTaxonomy: Nothing has been published yet.
    """
    candidate = LocalModel.objects.get(pk=candidate_id)
    _check_candidate(candidate)
    champion = LocalModel.objects.filter(state=LocalModelState.CHAMPION).first()
    candidate.release = _in_shadow(_verdict(candidate, champion).as_json(), candidate.release)
    candidate.save(update_fields=["release"])
    return candidate


def promote(candidate_id: int, *, by: User, reason: str) -> Switched:
    """Make a candidate the champion; the former one is kept for the way back. What it may answer is certified for it alone.

    One that the gate or its shadow holds back can be promoted as well, or before its shadow is over: then `reason` is why, and is
    kept with it.

    Raises:
        Conflict: It is no candidate any more, or the gate has not judged it.
        InvalidInput: No reason is given.
    """
    with transaction.atomic():
        row = automation.locked()
        candidate = _locked(candidate_id)
        _check_candidate(candidate)
        if not candidate.release:
            raise Conflict("The release gate has not judged it yet.")
        _check_compared(candidate)
        candidate.release |= {"by": by.pk, "reason": checked_reason(reason)}
        _crown(candidate, row)
        words = f"is the champion {against(candidate.release)}".rstrip()
        return _said(f"Local model {candidate.version} {words}.", by, reason)


def roll_back(to_id: int, *, by: User, reason: str) -> Switched:
    """Make the former champion the champion again, with the thresholds that it had, if the promise is not stricter by now.

    The gate holds the present one back for good, or else the next night's training would bring it again.

    Args:
        to_id: Of the former champion, as the person saw it: who asks twice does not come back to where they were.

    Raises:
        Conflict: There is none, or another one is the former by now.
        InvalidInput: No reason is given.
    """
    with transaction.atomic():
        row = automation.locked()
        former = find_former()
        if former is None:
            raise Conflict("There is no former champion to go back to.")
        if former.pk != to_id:
            raise Conflict("The champion has changed meanwhile: look again.")
        kept = {"rolled_back": {"by": by.pk, "reason": checked_reason(reason)}}
        for present in LocalModel.objects.filter(state=LocalModelState.CHAMPION).defer("content"):
            present.release |= kept
            present.save(update_fields=["release"])
        _crown(_locked(former.pk), row)
        return _said(f"Local model {former.version} is the champion again.", by, reason)


def find_former() -> LocalModel | None:
    """The champion before this one, without its content."""
    rows = LocalModel.objects.filter(state=LocalModelState.RETIRED, promoted_at__isnull=False)
    return rows.exclude(content=b"").defer("content").order_by("-retired_at").first()


def against(release: Mapping[str, Any]) -> str:
    """What a promotion goes against now, as words behind "the champion"; "" for nothing."""
    if not release.get("passes"):
        return "against the release gate"
    return AGAINST.get(release.get("shadow", {}).get("outcome", ""), "")


def _in_shadow(release: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    is_same = before.get("champion") == release["champion"]
    kept: Mapping[str, Any] = before.get("shadow", {}) if is_same else {}
    if release["passes"] and release["champion"]:
        return release | {"shadow": kept or Shadow(since=release["at"]).as_json()}
    has_failed = kept.get("outcome") == Outcome.FAILED
    return release | {"shadow": kept} if has_failed else release


def _verdict(candidate: LocalModel, champion: LocalModel | None) -> Release:
    current = taxonomy.current()
    gone = sorted(set(candidate.labels) - current.labels.keys())
    if gone:
        return Release(False, (GONE.format(", ".join(gone[:5])),))
    if champion is None:
        return Release(True, (FIRST,))
    if _is_taken_back(candidate):
        return Release(False, (TAKEN_BACK,), champion.version)
    tickets = deal(examples.gather(current).examples, now=timezone.now()).compare
    if not tickets:
        return Release(False, (NOTHING,), champion.version)
    return _compared(candidate, champion, tickets)


def _is_taken_back(candidate: LocalModel) -> bool:
    same = LocalModel.objects.filter(version=candidate.version, state=LocalModelState.RETIRED)
    return same.filter(release__has_key="rolled_back").exists()


def _compared(candidate: LocalModel, champion: LocalModel, tickets: Sequence[Example]) -> Release:
    mine, theirs = _are_right(candidate, tickets), _are_right(champion, tickets)
    paired = pair(mine, theirs)
    groups = {
        name: _of_group(name, candidate, tickets, mine, theirs)
        for name in _groups_of(candidate, tickets)
    }
    reasons = [
        *_worse(paired),
        *(group["words"] for group in groups.values() if group["loss_at_most"] > MARGIN),
    ]
    return Release(
        passes=not reasons,
        reasons=tuple(reasons),
        champion=champion.version,
        tickets=paired.tickets,
        only_candidate=paired.only_first,
        only_champion=paired.only_second,
        p_value=p_value(paired),
        groups=groups,
    )


def _are_right(row: LocalModel, tickets: Sequence[Example]) -> list[bool]:
    found = storage.load(BytesIO(bytes(row.content))).predict([each.text for each in tickets])
    return [label == each.label for label, each in zip(found.chosen, tickets, strict=True)]


def _worse(paired: Paired) -> list[str]:
    if paired.only_first >= paired.only_second or p_value(paired) > SIGNIFICANT:
        return []
    return [
        f"Of {paired.tickets:,} tickets the champion alone is right on {paired.only_second:,}, the challenger alone on"
        f" {paired.only_first:,}, which chance does not explain (p = {p_value(paired):.3f})."
    ]


def _group_of(candidate: LocalModel) -> Callable[[Example], str]:
    groups: Mapping[str, str] = candidate.certificate.get("groups", {})
    return lambda each: groups.get(each.label, Group.RARE)


def _groups_of(candidate: LocalModel, tickets: Sequence[Example]) -> list[str]:
    return sorted(set(map(_group_of(candidate), tickets)))


def _of_group(
    name: str,
    candidate: LocalModel,
    tickets: Sequence[Example],
    mine: Sequence[bool],
    theirs: Sequence[bool],
) -> dict[str, Any]:
    group_of = _group_of(candidate)
    places = [place for place, each in enumerate(tickets) if group_of(each) == name]
    paired = pair([mine[place] for place in places], [theirs[place] for place in places])
    bound = loss_at_most(paired)
    words = (
        f"On the {name} labels it may be {100 * bound:.1f} points worse, by the upper bound on {paired.tickets:,} tickets;"
        f" at most {100 * MARGIN:g} are allowed."
    )
    return {"tickets": paired.tickets, "loss": paired.loss, "loss_at_most": bound, "words": words}


def _check_candidate(row: LocalModel) -> None:
    if row.state != LocalModelState.CANDIDATE:
        state = LocalModelState(row.state).label.lower()
        raise Conflict(f"Local model {row.version} is {state}, not a candidate.")


def _check_compared(candidate: LocalModel) -> None:
    """The verdict must be on the champion of now."""
    champion = automation.champion()
    if (champion.version if champion else "") != candidate.release.get("champion", ""):
        raise Conflict(
            "The champion has changed since the release gate judged it. Have it judged again."
        )


def _crown(model: LocalModel, row: Automation) -> None:
    """Only one former champion stays whole: what is older keeps its figures, and no words of tickets."""
    now = timezone.now()
    older = LocalModel.objects.filter(state=LocalModelState.RETIRED).exclude(pk=model.pk)
    older.update(content=b"")
    promise: Mapping[str, float] = model.certificate.get("promise", {})
    if promise.get("target", 0.0) > row.target or promise.get("d", 0.0) > row.d:
        model.thresholds = {}  # they were proven for a laxer promise
    LocalModel.objects.filter(state=LocalModelState.CHAMPION).update(
        state=LocalModelState.RETIRED, retired_at=now
    )
    model.state, model.promoted_at, model.retired_at = LocalModelState.CHAMPION, now, None
    model.save(update_fields=["state", "promoted_at", "retired_at", "release", "thresholds"])
    transaction.on_commit(stage_0.forget)


def _locked(row_id: int) -> LocalModel:
    return LocalModel.objects.select_for_update().get(pk=row_id)


def _said(words: str, by: User, reason: str) -> Switched:
    log.info("champion changed", words=words, by=by.pk, reason=reason)
    return Switched(words, by, checked_reason(reason))
