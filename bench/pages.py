"""The admin's pages of figures at ten million attempts: how long they take, what they read, and whether they are true.

Three questions, each with a verdict a line. Does a page take as long with ten million attempts as with a hundred thousand? Is a
figure from the cells equal to the same one from the rows, and how much sooner is it there? Does any page read a large table, or
count one? The histories are simulated, written by `seed_history`; TRIAGE_BENCH_ATTEMPTS makes the large one smaller.
"""

import os
import statistics
import time

from django.conf import settings
from django.core.cache import cache
from django.test.utils import override_settings

from bench import pages_figures, pages_plans
from bench.pages_data import LARGE, SMALL, databases, within
from bench.pages_shown import Show, all_pages
from bench.stage import ROOT

ATTEMPTS = int(os.environ.get("TRIAGE_BENCH_ATTEMPTS", "10000000"))
UNBUILT = "django.contrib.staticfiles.storage.StaticFilesStorage"
ROUNDS = 5
TIME_AT_MOST = 1.5
TELLING_MS = 5.0  # below that a difference of the two is the clock's


def main() -> None:
    sizes = {SMALL: min(100_000, max(1_000, ATTEMPTS // 10)), LARGE: ATTEMPTS}
    print(f"\n## Pages of figures at {ATTEMPTS:,} simulated attempts\n")
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": UNBUILT}}
    with (
        databases(sizes),
        override_settings(
            ALLOWED_HOSTS=["*"],
            SECURE_SSL_REDIRECT=False,
            STATIC_ROOT=ROOT / "static",
            STORAGES=plain,
            TRIAGE_API_PER_MINUTE=10**6,
        ),
    ):
        failed = _compare()
        failed += pages_figures.main()
    print(f"\n{len(failed)} lines fail{': ' if failed else '.'}{'; '.join(failed)}")


def _compare() -> list[str]:
    """Every page in both databases, in turns. The names of those that fail."""
    print("\n| page | ms small | ms large | × | reads | verdict |\n|---|---|---|---|---|---|")
    failed = []
    for page in all_pages():
        shows = {}
        for name in (SMALL, LARGE):
            with within(name):
                shows[name] = page.prepare()
        times = {name: _warm(name, show) for name, show in shows.items()}
        with within(LARGE):
            reads, faults = pages_plans.judge(shows[LARGE])
        for _ in range(ROUNDS):
            for name, show in shows.items():
                times[name].append(_timed(name, show))
        small, large = (statistics.median(times[name]) for name in (SMALL, LARGE))
        slower = large / max(small, TELLING_MS)
        if slower > TIME_AT_MOST:
            faults.append(f"{slower:.1f} × the time")
        failed += [page.name] if faults else []
        print(
            f"| {page.name} | {small:.1f} | {large:.1f} | {slower:.1f} | {reads:,} | {'; '.join(faults) or 'pass'} |",
            flush=True,
        )
    return failed


def _warm(name: str, show: Show) -> list[float]:
    """Shown once, so that neither database is colder; nothing is timed yet."""
    _timed(name, show)
    return []


def _timed(name: str, show: Show) -> float:
    """Milliseconds, with nothing kept from before outside of the database."""
    cache.clear()
    with within(name):
        started = time.perf_counter()
        show()
        return (time.perf_counter() - started) * 1000
