"""Probes: one look each at a part of the installation, all at once, each within its time and without a secret in its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Thread
from time import monotonic
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.db import connections

log = structlog.get_logger(__name__)

LIMIT_SECONDS = 5.0
SHORTEST_SECRET = 6  # what is shorter stands in ordinary words


class State(StrEnum):
    """The worst comes last."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Found:
    """What a probe saw. `fix` is a sentence or a command, and "" where there is nothing to mend."""

    state: State
    text: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Probe:
    """A look at one part. `look` writes nothing, costs nothing and keeps to LIMIT_SECONDS by timeouts of its own."""

    name: str
    title: str
    look: Callable[[], Found]


@dataclass(frozen=True, slots=True)
class Checked:
    probe: Probe
    found: Found


def run(probes: Sequence[Probe], *, within_seconds: float = LIMIT_SECONDS) -> list[Checked]:
    """What each probe found, in their order; one that fails or is too slow is broken, and keeps no other from answering."""
    results: dict[str, Found] = {}
    threads = [
        Thread(target=_look, args=(probe, results), name=f"probe {probe.name}", daemon=True)
        for probe in probes
    ]
    for thread in threads:
        thread.start()
    ends = monotonic() + within_seconds
    for thread in threads:
        thread.join(max(0.0, ends - monotonic()))
    late = Found(
        State.BROKEN,
        f"No answer within {within_seconds:g} seconds.",
        "See whether it runs and can be reached from here.",
    )
    return [Checked(probe, results.get(probe.name, late)) for probe in probes]


def worst(checked: Sequence[Checked]) -> State:
    """The state of the whole: that of its worst part."""
    states = list(State)
    return max((each.found.state for each in checked), key=states.index, default=State.OK)


def look(probe: Probe) -> Found:
    """What the probe found; an error of any kind is broken, in words that hold nothing of the error's own."""
    try:
        found = probe.look()
    except Exception as error:
        log.exception("a probe failed", probe=probe.name)
        return Found(
            State.BROKEN, f"It could not be checked: {type(error).__name__}.", "See the log."
        )
    return replace(found, text=_without_secrets(found.text), fix=_without_secrets(found.fix))


def _look(probe: Probe, results: dict[str, Found]) -> None:
    try:
        results[probe.name] = look(probe)
    finally:
        connections.close_all()  # this thread's own


def _without_secrets(text: str) -> str:
    for secret in _secrets():
        text = text.replace(secret, "…")
    return text


def _secrets() -> list[str]:
    """Everything in the settings that is nobody's to read."""
    found = [
        settings.SECRET_KEY,
        "" if settings.TRIAGE_SIMULATOR else settings.ANTHROPIC_API_KEY,
        settings.EMAIL_HOST_PASSWORD,
        settings.DATABASES["default"].get("PASSWORD"),
        urlsplit(settings.REDIS_URL).password,
        settings.TRIAGE_METRICS_TOKEN,
        settings.TRIAGE_DEMO_PASSWORD,
    ]
    return [secret for secret in found if secret and len(secret) >= SHORTEST_SECRET]
