"""The tables of a replay, and whether what is claimed of the cascade held in them."""

from collections.abc import Mapping, Sequence

from triage.services.evaluation.replay.playing import Played, Rules, Strategy
from triage.services.evaluation.replay.summary import Promised, Row, promised, summarize

CLAIMED_AT = 20  # labels a class
OFTEN = 0.95  # of the splits
ALONE = (Strategy.CHEAP, Strategy.STRONG, Strategy.BATCHED)  # whatever the local model knows
FUSED = (Strategy.LOCAL, Strategy.RANDOM, Strategy.CASCADE, Strategy.ORACLE)
Splits = Mapping[int | None, Sequence[Played]]

STRATEGIES = """
Every ticket gets a label. The cascade is the policy with the most right labels within {budget:.0%} of the cost, on the tickets
for choosing. Points are percentage points of accuracy below the strong model, negative where above. Not worse: the share of
splits in which the paired bound at 95 % of that is at most {margin:.0f} point. Asked: the share of tickets the strong model saw.

| labels a class | strategy | right: mean | 5th percentile | worst | points below | not worse | cost: mean | highest | asked |
|---|---|---|---|---|---|---|---|---|---|"""
PROMISE = """
Only what is proven gets a label without a person: at most {target:.0%} wrong, by Learn then Test on the tickets for choosing.
Broken: the share of splits in which more of the scored answers were wrong, and in which that is no chance (by an exact bound at
95 %). The cost counts what was asked about tickets that a person got.

| labels a class | answered: local | cheap | strong | a person | wrong: mean | highest | broken | no chance | cost |
|---|---|---|---|---|---|---|---|---|---|"""


def show(played: Splits, *, rules: Rules) -> bool:
    """Print both tables and the verdicts; whether all held that are required: those with CLAIMED_AT labels a class.

    At other sizes the promise is reported beside them. Without splits of CLAIMED_AT there is nothing to break.
    """
    print(STRATEGIES.format(budget=rules.budget, margin=100 * rules.margin))
    first = next(iter(played.values()))
    for strategy in ALONE:
        _show_strategy("any", strategy, summarize(first, strategy=strategy, rules=rules))
    for size, splits in played.items():
        for strategy in FUSED:
            row = summarize(splits, strategy=strategy, rules=rules)
            _show_strategy(_name(size), strategy, row)
    print(PROMISE.format(target=rules.promise.target))
    kept = {size: promised(splits, rules=rules) for size, splits in played.items()}
    for size, each in kept.items():
        _show_promise(_name(size), each)
    print()
    required = [_show_verdict(size, each, rules) for size, each in kept.items()]
    if CLAIMED_AT in played:
        required.append(_is_claimed(played[CLAIMED_AT], rules))
    return all(required)


def _name(size: int | None) -> str:
    return "all" if size is None else str(size)


def _show_strategy(size: str, strategy: Strategy, row: Row) -> None:
    print(
        f"| {size} | {strategy} | {row.accuracy:.1%} | {row.low:.1%} | {row.worst:.1%} | "
        f"{100 * row.loss:+.1f} | {row.not_worse:.0%} | {row.cost:.1%} | {row.highest_cost:.1%} | "
        f"{row.escalated:.1%} |"
    )


def _show_promise(size: str, kept: Promised) -> None:
    stages = " | ".join(f"{share:.1%}" for share in kept.stages)
    print(
        f"| {size} | {stages} | {kept.error:.1%} | {kept.highest_error:.1%} | {kept.broken:.0%} | "
        f"{kept.surely_broken:.0%} | {kept.cost:.1%} |"
    )


def _show_verdict(size: int | None, kept: Promised, rules: Rules) -> bool:
    """Print whether the promise was broken in no more splits than its chance; whether that is as required of this size."""
    is_kept = kept.broken <= rules.promise.d
    is_required = size == CLAIMED_AT
    print(
        f"{'required' if is_required else 'reported'}: with {_labels(size)} at most {rules.promise.target:.0%} wrong, "
        f"broken in at most {rules.promise.d:.0%} of the splits: {'held' if is_kept else 'BROKE'} ({kept.broken:.0%})"
    )
    return is_kept or not is_required


def _labels(size: int | None) -> str:
    return "all labels" if size is None else f"{size} labels a class"


def _is_claimed(splits: Sequence[Played], rules: Rules) -> bool:
    held = summarize(splits, strategy=Strategy.CASCADE, rules=rules).held
    print(
        f"required: with {CLAIMED_AT} labels a class not worse than the strong model by more than "
        f"{100 * rules.margin:.0f} point for at most {rules.budget:.0%} of the cost, in at least {OFTEN:.0%} "
        f"of the splits: {'held' if held >= OFTEN else 'DID NOT HOLD'} ({held:.0%})"
    )
    return held >= OFTEN
