"""Message Batches: many requests handed in at once, answered within a day, at half price.

Every step is safe to run twice and to kill at any point, and all that matters stands in the database:

    ready → submitting → submitted → collected        `failed`: the provider does not have it; nothing was billed
                  └→ lost → submitted (it was found) or ready (it was never created)

A cancelled one is not handed in any more (`failed`), or ends early at the provider (`collected`).

A line is an attempt, its id the line's `custom_id`, so it is held, journalled and settled exactly once like any other. The
provider has no idempotency key: a batch whose creation was lost is sought among the provider's batches, and nothing is handed
in again before every one that could be it is ruled out.
"""

from triage.services.gateway.batches.cancelling import cancel
from triage.services.gateway.batches.collecting import CANCELED
from triage.services.gateway.batches.preparing import (
    LINES_AT_MOST,
    PACK,
    Line,
    Pack,
    Packer,
    Prepared,
    prepare,
)
from triage.services.gateway.batches.steps import ENDED, advance, find_underway
from triage.services.gateway.batches.unpacking import (
    Packed,
    find_packed,
    has_packs,
    settle_packed,
)

__all__ = [
    "CANCELED",
    "ENDED",
    "LINES_AT_MOST",
    "PACK",
    "Line",
    "Pack",
    "Packed",
    "Packer",
    "Prepared",
    "advance",
    "cancel",
    "find_packed",
    "find_underway",
    "has_packs",
    "prepare",
    "settle_packed",
]
