"""After an attempt: what it taught the fleet."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from triage.exceptions import AttemptFailed, ModelGone, RateLimited, SpendCapReached
from triage.services.gateway.fleet.answers import Change
from triage.services.gateway.fleet.scripts import run

GONE_SECONDS = 600.0
PAUSE_DEFAULT_SECONDS = 1.0  # a 429 that does not say how long
PAUSE_MAX_SECONDS = 3600.0
HEADERS_SECONDS = 3600.0  # how long the limits of the headers count
LATENCY_ALPHA = 0.3  # weight of the newest success
# Ours, and the suffixes of the provider's `anthropic-ratelimit-*` headers.
HEADERS = {
    "requests": "requests",
    "input_tokens": "input-tokens",
    "output_tokens": "output-tokens",
}

Tokens = tuple[int, int]  # input, output


def report_success(
    model: str,
    *,
    estimated: Tokens,
    used: Tokens,
    latency_ms: int,
    rate_limits: Mapping[str, str],
    was_probe: bool,
) -> Change:
    """An answer came. Ends a row of failures; a probe's answer closes the breaker.

    Args:
        estimated: What `admit` was told, as (input, output).
        used: What counted towards the limits: input without cache reads, and output.
        latency_ms: From sending to the last byte.
        rate_limits: The headers by suffix, as in "requests-remaining".
    """
    return _report(
        model,
        verdict="success",
        was_probe=was_probe,
        refund=_tokens(estimated[0] - used[0], estimated[1] - used[1]),
        rate_limits=rate_limits,
        latency_ms=latency_ms,
    )


def report_failure(
    model: str, error: AttemptFailed, *, estimated: Tokens, was_probe: bool
) -> Change:
    """An attempt failed. Outages in a row open the breaker, a 429 pauses the model, a 404 marks it gone.

    Any other failure judges nothing. Tokens come back unless the provider may have worked on the request.
    """
    return _report(
        model,
        verdict="outage" if error.is_outage else "other",
        was_probe=was_probe,
        refund=_tokens(*((0, 0) if error.may_be_billed else estimated)),
        rate_limits=error.rate_limits,
        pause_seconds=_pause_seconds(error),
        gone_seconds=GONE_SECONDS if isinstance(error, ModelGone) else 0,
    )


def release(model: str, *, estimated: Tokens, was_probe: bool) -> None:
    """Give back an admission that was not used: nothing was sent."""
    refund = {"requests": 1, **_tokens(*estimated)}
    _report(model, verdict="other", was_probe=was_probe, refund=refund, rate_limits={})


def _report(model: str, *, rate_limits: Mapping[str, str], **asked: Any) -> Change:
    said = run(
        "report",
        model,
        open_after=settings.TRIAGE_BREAKER_FAILURES,
        open_seconds=settings.TRIAGE_BREAKER_SECONDS,
        alpha=LATENCY_ALPHA,
        told_limits=_numbers(rate_limits, "limit", at_least=1),
        told_left=_numbers(rate_limits, "remaining", at_least=0),
        told_seconds=HEADERS_SECONDS,
        **asked,
    )
    return Change.NONE if said is None else Change(said["change"])


def _tokens(input_tokens: int, output_tokens: int) -> dict[str, int]:
    return {"input_tokens": input_tokens, "output_tokens": output_tokens}


def _pause_seconds(error: AttemptFailed) -> float:
    """How long everybody leaves the model alone; a spend cap is no pause, it lasts until next month."""
    if not isinstance(error, RateLimited) or isinstance(error, SpendCapReached):
        return 0.0
    return min(PAUSE_MAX_SECONDS, error.retry_after_seconds or PAUSE_DEFAULT_SECONDS)


def _numbers(rate_limits: Mapping[str, str], what: str, *, at_least: int) -> dict[str, int]:
    """Our names and the whole numbers that the headers give for `what`; rubbish is left out."""
    texts = {ours: rate_limits.get(f"{theirs}-{what}", "") for ours, theirs in HEADERS.items()}
    return {
        name: int(text)
        for name, text in texts.items()
        if text.isdecimal() and len(text) < 16 and int(text) >= at_least
    }
