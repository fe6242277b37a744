"""The trials: what the gateway promises under load, while processes are killed, models die and Redis stops.

Each stands in a module of its own, with its size as arguments: the suite runs it small, `run_trials` at full scale.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from time import monotonic

from django.conf import settings

from faults.trials_budget import budget, budget_with_a_kill
from faults.trials_kill import kill
from faults.trials_leader import kill_leader
from faults.trials_outage import outage
from faults.trials_pace import pace
from faults.trials_redis import stop_redis
from faults.trials_world import Finding, World
from triage.simulator import running


@dataclass(frozen=True, slots=True)
class Trial:
    name: str
    run: Callable[[World], list[Finding]]


TRIALS = (
    Trial("1,000 calls by workers that are killed", partial(kill, calls=1_000)),
    Trial("200 calls at once, a budget for half of them", partial(budget, calls=200)),
    Trial("The same, one process killed", partial(budget_with_a_kill, calls=200)),
    Trial("20 equal calls, their leader killed", kill_leader),
    Trial("The first model dead for a minute", outage),
    Trial("Redis stopped", partial(stop_redis, calls=100, seconds=5.0)),
    Trial("2,000 tickets at 300 requests a minute", partial(pace, tickets=2_000, per_minute=300)),
)


def run_trials(trials: Sequence[Trial] = TRIALS) -> bool:
    """Run them one after the other and print what each found. Whether all promises held.

    Stands on `bench.stage.stage()`, which must be entered before this module is imported: it reads settings and models.
    """
    print("\n## Trials under load, all figures simulated")
    with running() as claude:
        settings.ANTHROPIC_BASE_URL = claude.base_url
        world = World(claude, {**os.environ, "ANTHROPIC_BASE_URL": claude.base_url})
        held = [_run(trial, world) for trial in trials]
        return all(held)


def _run(trial: Trial, world: World) -> bool:
    started = monotonic()
    try:
        findings = trial.run(world)
    except TimeoutError as error:
        findings = [Finding("it came to an end", str(error), "in time", holds=False)]
    print(f"\n### {trial.name} (simulated; {monotonic() - started:.0f} s)\n")
    print("| what | measured | promised | |")
    print("|---|---|---|---|")
    for finding in findings:
        print(f"| {finding.what} | {finding.measured} | {finding.promised} | {_verdict(finding)} |")
    print(flush=True)
    return all(finding.holds for finding in findings)


def _verdict(finding: Finding) -> str:
    if not finding.holds:
        return "**BROKEN**"
    return "holds" if finding.promised else ""
