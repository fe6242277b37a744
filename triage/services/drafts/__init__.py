"""Replies that Claude proposes: asked for, written in a worker, followed while they are written, and decided on by a person.

Nothing of a draft leaves the house until a person, or a token that may, sends it.
"""

from triage.services.drafts.deciding import accept, discard, send
from triage.services.drafts.following import Event, EventName, events, is_all_told
from triage.services.drafts.proposing import STEER_MAX_CHARACTERS, cancel, propose, sweep
from triage.services.drafts.wire import event_stream
from triage.services.drafts.writing import write

__all__ = [
    "STEER_MAX_CHARACTERS",
    "Event",
    "EventName",
    "accept",
    "cancel",
    "discard",
    "event_stream",
    "events",
    "is_all_told",
    "propose",
    "send",
    "sweep",
    "write",
]
