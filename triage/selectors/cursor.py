"""A place in a list that is ordered by `(created_at, id)`, for paging without counting or skipping."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BIGGEST_ID = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A row's place in the list. A page goes on after it or, where `is_back`, ends before it."""

    created_at: datetime
    id: int
    is_back: bool = False

    def encode(self) -> str:
        """The cursor for a URL."""
        microseconds = (self.created_at - EPOCH) // timedelta(microseconds=1)
        text = f"{'b' if self.is_back else 'f'}{microseconds}.{self.id}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The cursor that `encode` wrote.

        Raises:
            ValueError: It is none of ours.
        """
        try:
            plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
            way, moment, number = plain[:1], *plain[1:].split(b".")
            created_at = EPOCH + timedelta(microseconds=int(moment))
            cursor = cls(created_at, int(number), is_back={b"f": False, b"b": True}[way])
        except (binascii.Error, KeyError, OverflowError, UnicodeError, ValueError):
            raise ValueError("not a cursor of this list") from None
        if not 0 < cursor.id <= BIGGEST_ID:
            raise ValueError("not a cursor of this list")
        return cursor
