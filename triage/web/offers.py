"""The offer to take a change of a field back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Undo:
    """`words` say what was changed; setting `field` to `value` takes it back, while the ticket is at `version`."""

    words: str
    field: str
    value: str
    version: int


KEPT_BULK = "bulk"  # where the session keeps the bulk change that the queue offers to take back
