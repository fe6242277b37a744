"""Before an attempt: may it leave now? And the same knowledge for people to look at."""

import os
import socket
from datetime import datetime, timedelta
from functools import cache
from threading import get_ident
from typing import Any

from django.utils import timezone

from triage.services.gateway.fleet.answers import Admission, Breaker, BucketView, FleetView, Gate
from triage.services.gateway.fleet.scripts import run

PROBE_SECONDS = 30.0  # a prober that was killed keeps others from probing no longer than this
SLOW_PROBE_SECONDS = 20.0  # so that a slow model's recovery is seen
SLOW_SAMPLES = 5  # fewer successes are no average
PATIENCE_SECONDS = (
    2.0  # the longest single wait, and how long a waiting person keeps background work back
)
GRACE_SECONDS = 1.0  # a caller that comes back later than this has lost its place
RESERVE_SHARE = 0.2  # of the burst is left to people while they wait


def admit(
    model: str,
    *,
    input_tokens: int,
    output_tokens: int,
    is_interactive: bool,
    latency_limit_seconds: float | None = None,
) -> Admission:
    """Whether one attempt at `model` may leave now; `Gate.GO` takes its place and its tokens, the others take nothing.

    Every admission must be followed by one of the reports, or by `release`. A thread that is told to wait is queued: it is
    served in the order of first asking, people before background work, if it asks again in time.

    Args:
        input_tokens: An estimate of what counts towards the input limit (cache reads do not).
        output_tokens: An estimate of what will be written; `max_tokens` does not count.
        latency_limit_seconds: Be refused (`Gate.SLOW`) while successes take longer on average; a probe a while is let through.
    """
    said = run(
        "admit",
        model,
        caller=_caller(is_interactive),
        is_interactive=is_interactive,
        cost={"requests": 1, "input_tokens": input_tokens, "output_tokens": output_tokens},
        latency_limit_ms=1000 * (latency_limit_seconds or 0),
        slow_samples=SLOW_SAMPLES,
        slow_probe_seconds=SLOW_PROBE_SECONDS,
        probe_seconds=PROBE_SECONDS,
        patience_seconds=PATIENCE_SECONDS,
        grace_seconds=GRACE_SECONDS,
        reserve_share=RESERVE_SHARE,
    )
    if said is None:
        return Admission(Gate.GO)
    return Admission(
        Gate(said["gate"]), said["wait_seconds"], said["is_probe"], said["expected_seconds"]
    )


def look(model: str) -> FleetView:
    """What the fleet knows about `model`; changes nothing."""
    said = run("look", model)
    if said is None:
        return FleetView(model, is_known=False)
    return FleetView(
        model=model,
        is_known=True,
        breaker=Breaker(said["breaker"]),
        open_since=_moment(said.get("open_since")),
        failures_in_a_row=int(said["failures"]),
        paused_until=_moment(said.get("paused_until")),
        gone_until=_moment(said.get("gone_until")),
        requests=_bucket(said["requests"]),
        input_tokens=_bucket(said["input_tokens"]),
        output_tokens=_bucket(said["output_tokens"]),
        waiting=said["waiting"],
        latency_ms=said.get("latency_ms"),
    )


def _caller(is_interactive: bool) -> str:
    """This thread, among all threads of the fleet: a thread makes one call at a time."""
    return f"{_host()}:{os.getpid()}:{get_ident()}:{int(is_interactive)}"


@cache
def _host() -> str:
    return socket.gethostname()


def _moment(seconds_from_now: float | None) -> datetime | None:
    """Redis's clock and ours may differ, so it says how far away a moment is."""
    if seconds_from_now is None:
        return None
    return timezone.now() + timedelta(seconds=seconds_from_now)


def _bucket(said: dict[str, Any]) -> BucketView:
    return BucketView(int(said["limit"]), said["is_from_headers"], said["level"])
