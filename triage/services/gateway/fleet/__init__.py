"""What the whole fleet knows about a model: breaker, pause, latency and pace, shared by all processes through Redis.

One round trip before an attempt (`admit`), one after it (a report). All times are Redis's own clock. With Redis down everything
fails open: `admit` says go, reports change nothing, and the provider's own limits are what is left.
"""

from triage.services.gateway.fleet.answers import (
    Admission,
    Breaker,
    BucketView,
    Change,
    FleetView,
    Gate,
)
from triage.services.gateway.fleet.asking import admit, look
from triage.services.gateway.fleet.reports import release, report_failure, report_success

__all__ = [
    "Admission",
    "Breaker",
    "BucketView",
    "Change",
    "FleetView",
    "Gate",
    "admit",
    "look",
    "release",
    "report_failure",
    "report_success",
]
