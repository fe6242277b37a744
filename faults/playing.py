"""Plays the whole list of cases with the real timers and prints the table, a row as soon as its case is over."""

from time import monotonic

from faults import asking
from faults.cases import CASES
from faults.judging import broken_promises
from faults.running import run
from faults.table import HEAD, row
from faults.timers import FULL
from triage.simulator import running


def play_cases() -> bool:
    """Whether every case kept its promise. Writes its own labels; the database should be nobody else's."""
    asking.publish_labels()
    began, broken_cases = monotonic(), 0
    print("\n## Faults, all of them simulated, with the real timers\n")
    print(HEAD, flush=True)
    with running() as simulator, FULL.set():
        for case in CASES:
            played = run(case, simulator=simulator, timers=FULL)
            broken = broken_promises(played)
            broken_cases += bool(broken)
            print(row(played, broken), flush=True)
    seconds = monotonic() - began
    print(
        f"\n{len(CASES)} simulated faults in {seconds:.0f} s: {broken_cases or 'none'} broke a promise."
    )
    return not broken_cases
