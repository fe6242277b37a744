"""The cascade: Haiku labels every ticket, Sonnet decides the uncertain and the hard ones, a person has the last word."""

from triage.services.classification.cascade import run
from triage.services.classification.work import (
    Progress,
    enqueue_waiting,
    progress,
    request_rerun,
    sweep,
)

__all__ = ["Progress", "enqueue_waiting", "progress", "request_rerun", "run", "sweep"]
