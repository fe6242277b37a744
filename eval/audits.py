"""How often the watches over audited answers raise a false alarm, and how soon they see what is wrong.

Invented audits whose chance of being wrong is known. Each counts in the watch over all and in that of its group, as in the
product; the watches are the product's.
"""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence

import numpy as np

from triage.services.statistics.drift import ALARM_D, ALL, Watches
from triage.services.statistics.intervals import lower_error

TARGET = 0.02
SHARES: Mapping[str, float] = {"easy": 0.7, "hard": 0.2, "rare": 0.1}  # of the audits
BAD = 0.05
SEED = 20_261_122
AUDITS = 3_000
GIVEN_UP_AT = 20_000
WEEKLY = 150


def first_alarm(
    wrong: Mapping[str, float], rng: np.random.Generator, *, most: int
) -> tuple[str, int]:
    """The first watch to raise the alarm, and after how many audits in all; "" where none does within `most`.

    Args:
        wrong: The chance of a wrong answer, by group.
    """
    watches = Watches.begin((ALL, *SHARES), target=TARGET)
    groups = rng.choice(list(SHARES), size=most, p=list(SHARES.values()))
    draws = rng.random(most)
    for number, (group, draw) in enumerate(zip(groups.tolist(), draws.tolist(), strict=True), 1):
        watches = watches.after(draw < wrong[group], names=(ALL, group))
        if watches.alarmed:
            return watches.alarmed[0], number
    return "", most


def main(arguments: Sequence[str]) -> bool:
    """Print the tables; whether false alarms are no more than promised, but for what chance explains."""
    parser = ArgumentParser(prog="python -m eval audits", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="of each row (1,000)")
    runs = parser.parse_args(arguments).runs
    if runs < 1:
        parser.error("--runs must be at least 1")
    rng = np.random.default_rng(SEED)
    print(HEAD.format(runs=runs, seed=SEED, d=100 * ALARM_D, target=100 * TARGET, audits=AUDITS))
    kept = dict.fromkeys(SHARES, TARGET)
    false = sum(bool(first_alarm(kept, rng, most=AUDITS)[0]) for _ in range(runs))
    held = lower_error(false, runs, 0.05) <= ALARM_D
    print(f"| none: each at {100 * TARGET:g} % | {false:,} | | |")
    for bad in ("", "easy", "hard"):
        _show(bad, runs // 5 or 1, rng)
    print(
        f"\nFalse alarms in at most {100 * ALARM_D:g} % of the runs: {'held' if held else 'BROKE'}"
    )
    return held


HEAD = """\
MEASURED: {runs:,} runs of {audits:,} audits where nothing is wrong, a fifth as many where something is; seed {seed}. The
watches are the product's; the audits are invented, and what is true of them is known: {target:g} % are promised, and the chance
of a false alarm is at most {d:g} % in all. Weeks are of 150 audits.

| what is at 5 % | runs with an alarm | audits in all until then: median | nine of ten runs |
|---|---|---|---|"""


def _show(bad: str, runs: int, rng: np.random.Generator) -> None:
    wrong = {group: BAD if bad in ("", group) else TARGET for group in SHARES}
    found = [first_alarm(wrong, rng, most=GIVEN_UP_AT) for _ in range(runs)]
    numbers = sorted(number for name, number in found if name)
    middle, late = numbers[len(numbers) // 2], numbers[int(0.9 * len(numbers))]
    what = f"the {bad} labels, {100 * SHARES[bad]:g} % of the audits" if bad else "all answers"
    print(
        f"| {what} | {len(numbers):,} of {runs:,} | {_weeks(middle)} | {_weeks(late)} |", flush=True
    )


def _weeks(audits: int) -> str:
    return f"{audits:,} ({audits / WEEKLY:.0f} weeks)"
