"""Local models, calibrators and shares as the automation page shows them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from triage.admin import automation_shadow
from triage.admin.formats import count, share
from triage.admin.tiles import Tile
from triage.models import Calibrator, LocalModel, Stage
from triage.selectors.periods import Period
from triage.selectors.quality import Sums, sums_by, total
from triage.selectors.tables import Asked
from triage.services.evaluation import calibrators
from triage.services.evaluation.learning import releasing
from triage.services.gateway.catalog import name_of

DAYS = 28


@dataclass(frozen=True, slots=True)
class ModelLine:
    """A local model with what is proven for it and what the release gate and its shadow say, each a sentence.

    `against` is what its promotion goes against, as words behind "the champion"; "" for nothing.
    """

    row: LocalModel
    accuracy: str
    proofs: tuple[str, ...]
    trust: tuple[str, ...]
    left_out: tuple[str, ...]
    release: tuple[str, ...]
    against: str


@dataclass(frozen=True, slots=True)
class CalibratorLine:
    """`problem` says why one in use is not asked all the same, "" where it is."""

    row: Calibrator
    name: str
    errors: str
    age: str
    problem: str
    is_simulated: bool


def by_stage() -> list[Tile]:
    """Who decided in the last four weeks, and how much was applied without anybody."""
    today = datetime.now(UTC).date()
    period = Period(today - timedelta(days=DAYS - 1), today)
    sums = sums_by("stage", Asked(period))
    whole = total(sums.values()) if sums else Sums()
    tiles = [_tile(stage, sums.get(stage, Sums()), whole) for stage in Stage]
    note = (
        f"{count(whole.applied)} of {count(whole.runs)} runs in {DAYS} days had their label applied"
    )
    return [Tile("By itself", share(whole.applied, whole.runs), note), *tiles]


def model(row: LocalModel) -> ModelLine:
    kept: Mapping[str, Any] = row.certificate
    return ModelLine(
        row=row,
        accuracy=_accuracy(kept),
        proofs=tuple(_proofs(row, kept.get("proofs", {}))),
        trust=tuple(_trust(row, kept)),
        left_out=tuple(f"{number:,}: {why}" for why, number in kept.get("left_out", {}).items()),
        release=(*_release(row.release), *automation_shadow.sentences(row)),
        against=releasing.against(row.release),
    )


def calibrator(row: Calibrator) -> CalibratorLine:
    return CalibratorLine(
        row=row,
        name=f"{Stage(row.stage).label}, {name_of(row.model)}",
        errors=f"{100 * row.error_before:.1f} → {100 * row.error_after:.1f} points",
        age=_age(row.created_at),
        problem=calibrators.problem_of(row) if row.is_active else "",
        is_simulated=calibrators.is_simulated(row),
    )


def _tile(stage: Stage, sums: Sums, whole: Sums) -> Tile:
    return Tile(stage.label, share(sums.runs, whole.runs), f"decided {count(sums.runs)} runs")


def _accuracy(kept: Mapping[str, Any]) -> str:
    judged, right = kept.get("judged", 0), kept.get("right", 0)
    if not judged:
        return "No ticket was held out to say how often it is right."
    return f"Right on {share(right, judged)} of {count(judged)} random tickets that no model learns from."


def _proofs(row: LocalModel, proofs: Mapping[str, Any]) -> Iterator[str]:
    """What was proven, and where an alarm has stepped back since."""
    for group, proof in proofs.items():
        yield f"{group.capitalize()} labels: {proof['words']}."
        now, then = row.thresholds.get(group), proof.get("threshold")
        if then is not None and now is None:
            yield f"{group.capitalize()} labels are asked of Claude again, since an alarm or a stricter promise."
        elif now is not None and then is not None and now > then:
            yield f"Since an alarm, {group} labels are answered only from {100 * now:.1f} % on."
    rare = sum(group == "rare" for group in row.certificate.get("groups", {}).values())
    if rare:
        yield f"Labels learnt from few tickets are never answered alone: {count(rare)}."


def _trust(row: LocalModel, kept: Mapping[str, Any]) -> Iterator[str]:
    """What a model's answer adds to the local one: its odds. The trust itself is no accuracy where both know the same."""
    simulated = " (simulated)" if kept.get("is_simulated") else ""
    for name, trust in row.trust.items():
        times = trust * max(len(row.labels) - 1, 1) / (1 - trust)
        yield (
            f"A label that {name_of(name)} names becomes {times:,.1f} times as likely against each other one{simulated}"
            f"{automation_shadow.trust_remark(row)}."
        )


def _release(kept: Mapping[str, Any]) -> Iterator[str]:
    if not kept:
        yield "The release gate has not judged it yet."
        return
    if kept["tickets"]:
        yield (
            f"Against {kept['champion']} on {count(kept['tickets'])} tickets: it alone is right on"
            f" {count(kept['only_candidate'])}, the champion alone on {count(kept['only_champion'])}"
            f" (p = {kept['p_value']:.3f})."
        )
    yield (
        "The release gate lets it through." if kept["passes"] else "The release gate holds it back."
    )
    yield from kept["reasons"]


def _age(at: datetime) -> str:
    days = (datetime.now(UTC) - at).days
    return "today" if not days else f"{days} day{'' if days == 1 else 's'} old"
