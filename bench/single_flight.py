"""20 equal calls from 4 processes at once, and how many requests the upstream saw."""

import subprocess
import sys
from collections import Counter

from bench.stage import ROOT, upstream

PROCESSES, THREADS, ROUNDS = 4, 5, 5
LATENCY_SECONDS = 0.8


def main() -> None:
    print("\n## Equal calls in flight\n")
    requests, obtained = [], Counter[str]()
    with upstream(latency_seconds=LATENCY_SECONDS) as claude:
        for number in range(ROUNDS):
            before = claude.seen()
            obtained += Counter(_ask_at_once(f"round {number}"))
            requests.append(claude.seen() - before)
    print(f"{PROCESSES} processes × {THREADS} threads ask the same at once, {ROUNDS} rounds\n")
    print(f"requests upstream a round: {requests} (limit 1); replies: {dict(obtained)}")


def _ask_at_once(text: str) -> list[str]:
    """How each of the calls obtained its reply."""
    callers = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.caller", text, str(THREADS)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for caller in callers:
        assert caller.stdin is not None
        assert caller.stdout is not None
        caller.stdout.readline()  # it is ready
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write("go\n")
        caller.stdin.flush()
    return [word for caller in callers for word in caller.communicate(timeout=60)[0].split()]
