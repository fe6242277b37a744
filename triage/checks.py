"""System checks: what an operator must mend, with ids that the documentation can name."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from phonenumbers import SUPPORTED_REGIONS


@register(Tags.security)
def check_key(**_: Any) -> Sequence[CheckMessage]:
    """Without a key the application needs to be told that it runs against its simulator."""
    if settings.ANTHROPIC_API_KEY or settings.TRIAGE_SIMULATOR or settings.DEBUG:
        return []
    return [
        Error(
            "ANTHROPIC_API_KEY is not set.",
            hint="Set it, or set TRIAGE_SIMULATOR=1 to run against the built-in simulator.",
            id="triage.E001",
        )
    ]


@register(Tags.security)
def check_secret_key(**_: Any) -> Sequence[CheckMessage]:
    if settings.SECRET_KEY:
        return []
    return [
        Error(
            "SECRET_KEY is not set.",
            hint="Set it to 50 or more random characters and keep it; `make run` makes its own.",
            id="triage.E002",
        )
    ]


@register()
def check_thresholds(**_: Any) -> Sequence[CheckMessage]:
    suggest, apply = settings.TRIAGE_THRESHOLD_SUGGEST, settings.TRIAGE_THRESHOLD_APPLY
    if 0 <= suggest <= apply <= 1:
        return []
    return [
        Error(
            f"TRIAGE_THRESHOLD_SUGGEST ({suggest}) and TRIAGE_THRESHOLD_APPLY ({apply}) must lie in"
            " 0 to 1, the first not above the second.",
            id="triage.E003",
        )
    ]


@register()
def check_pace(**_: Any) -> Sequence[CheckMessage]:
    """A mistake here would otherwise show at the first call."""
    limits = settings.TRIAGE_PACE
    kinds = {"requests", "input_tokens", "output_tokens"}
    is_sound = isinstance(limits, dict) and all(
        isinstance(each, dict)
        and each.keys() <= kinds
        and all(type(value) is int and value >= 1 for value in each.values())
        for each in limits.values()
    )
    if is_sound:
        return []
    return [
        Error(
            "TRIAGE_PACE must be an object of objects of whole numbers of at least 1.",
            hint='For example {"default": {"requests": 1000, "input_tokens": 2000000}}.',
            id="triage.E004",
        )
    ]


@register(Tags.security, deploy=True)
def check_simulator(**_: Any) -> Sequence[CheckMessage]:
    if not settings.TRIAGE_SIMULATOR:
        return []
    return [
        checks.Warning(
            "Answers come from the simulator, not from Claude.",
            hint="Unset TRIAGE_SIMULATOR and set ANTHROPIC_API_KEY.",
            id="triage.W001",
        )
    ]


@register(Tags.security)
def check_trusted_proxies(**_: Any) -> Sequence[CheckMessage]:
    if settings.TRIAGE_TRUSTED_PROXIES >= 0:
        return []
    return [
        Error(
            f"TRIAGE_TRUSTED_PROXIES ({settings.TRIAGE_TRUSTED_PROXIES}) must be 0 or more.",
            hint="Count the proxies of yours in front; 0 where visitors connect directly.",
            id="triage.E005",
        )
    ]


@register()
def check_phone_region(**_: Any) -> Sequence[CheckMessage]:
    """With a region that nobody knows, only numbers with a country code would be masked."""
    if settings.TRIAGE_PHONE_REGION in SUPPORTED_REGIONS:
        return []
    return [
        Error(
            f"TRIAGE_PHONE_REGION ({settings.TRIAGE_PHONE_REGION}) is no region with phone numbers.",
            hint="Set it to the two letters of your country (ISO 3166), for example US, GB or DE.",
            id="triage.E006",
        )
    ]
