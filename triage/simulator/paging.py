"""Pages of a list, newest first, as the API's `limit`, `after_id` and `before_id` ask for them."""

from collections.abc import Mapping, Sequence

from triage.simulator.errors import invalid
from triage.simulator.wire import JsonObject

DEFAULT_LIMIT, MAX_LIMIT = 20, 1_000


def take_page(items: Sequence[JsonObject], query: Mapping[str, str]) -> JsonObject:
    """The page of `items` that `query` asks for; a cursor that is not among them is ignored.

    Raises:
        ApiError: 400 for a limit that is not 1 to 1,000.
    """
    limit = _limit(query)
    ids = [item["id"] for item in items]
    after, before = query.get("after_id"), query.get("before_id")
    end = ids.index(before) if before in ids else len(ids)
    start = ids.index(after) + 1 if after in ids else max(end - limit, 0) if before else 0
    page = list(items[start : min(start + limit, end)])
    return {
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start > 0 if before else start + limit < end,
    }


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= MAX_LIMIT:
        raise invalid(f"limit: Input should be between 1 and {MAX_LIMIT}")
    return int(text)
