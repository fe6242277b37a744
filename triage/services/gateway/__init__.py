"""The only way to Claude: every request priced, deduplicated, journalled, routed and settled.

It knows calls and money, never tickets.
"""

from triage.services.gateway.governor import ask
from triage.services.gateway.journal import expire_attempts
from triage.services.gateway.request import About, Reply, Request, Reuse

__all__ = ["About", "Reply", "Request", "Reuse", "ask", "expire_attempts"]
