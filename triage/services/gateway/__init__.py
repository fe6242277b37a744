"""The only way to Claude: every request priced, deduplicated, held, paced, journalled, routed and settled.

It knows calls and money, never tickets.
"""

from triage.services.gateway.client import StreamState
from triage.services.gateway.governor import ask
from triage.services.gateway.journal import expire_attempts
from triage.services.gateway.lookup import find_stored
from triage.services.gateway.request import About, Reply, Request, Reuse
from triage.services.gateway.streams import GovernedStream, stream
from triage.services.gateway.tending import tend

__all__ = [
    "About",
    "GovernedStream",
    "Reply",
    "Request",
    "Reuse",
    "StreamState",
    "ask",
    "expire_attempts",
    "find_stored",
    "stream",
    "tend",
]
