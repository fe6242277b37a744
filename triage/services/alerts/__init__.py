"""Alerts that open and resolve by themselves, and are told: by mail, and to webhooks as events.

Any layer opens an alert by writing a row. `watch`, which runs every minute, adds those on figures (`rules`), resolves them when
they are over, and tells all of them: an event exactly once for each opening and each end, a mail at least once for each opening.
Celery runs it, so with Redis down nothing is told until it is back: have /readyz watched from outside.
"""

from triage.services.alerts.mailing import recipients
from triage.services.alerts.meanings import MEANINGS, Meaning, about
from triage.services.alerts.rules import RULES, Rule, Unit
from triage.services.alerts.snoozing import UNTIL_RESOLVED, snooze, wake
from triage.services.alerts.watching import Looked, look, watch

__all__ = [
    "MEANINGS",
    "RULES",
    "UNTIL_RESOLVED",
    "Looked",
    "Meaning",
    "Rule",
    "Unit",
    "about",
    "look",
    "recipients",
    "snooze",
    "wake",
    "watch",
]
