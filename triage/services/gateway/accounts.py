"""The provider's account: what it says it has billed, read from the simulator's bill or from a usage export.

The simulator names every request. An export of the Usage API has sums per minute, model and service tier, no requests and no
costs. Only tokens that were billed are entries.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from triage.exceptions import InvalidInput
from triage.types import Usage

PAGE_ROWS = 5_000
READ_SECONDS = 30.0
MINUTE = timedelta(minutes=1)
BEFORE_FIRST_ROW = timedelta(seconds=1)  # a request's attempt is opened a moment before it arrives
BATCH_TIER = "batch"
IN_FLIGHT = "in_flight"
EXPORT_COLUMNS = {
    "uncached_input_tokens": "uncached_input_tokens",
    "cache_creation.ephemeral_5m_input_tokens": "cache_write_5m_tokens",
    "cache_creation.ephemeral_1h_input_tokens": "cache_write_1h_tokens",
    "cache_read_input_tokens": "cache_read_tokens",
    "output_tokens": "output_tokens",
}
NOTHING = Usage()


@dataclass(frozen=True, slots=True)
class Entry:
    """What was billed: one request where the account names requests, else a minute's sum of one model.

    `at` is the request's arrival, or the start of the minute (aware, UTC). `cost_nanousd` is None where only tokens are told.
    A line of a batch has its `custom_id`. While `is_open` the request is still being worked, and its cost not said yet.
    """

    at: datetime
    model: str
    usage: Usage
    requests: int = 1
    request_id: str | None = None
    cost_nanousd: int | None = None
    custom_id: str | None = None
    is_batch: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """Entries in order of time. It knows of everything billed from `covers_from` until `covers_to`; None: of nothing."""

    entries: Iterable[Entry]
    names_requests: bool
    covers_from: datetime | None
    covers_to: datetime


def read_bill(base_url: str, *, now: datetime) -> Account:
    """The bill of the simulator at `base_url`, read page by page as its entries are taken.

    It covers the time from the first request that the simulator has seen until `now`.

    Raises:
        OSError: It cannot be reached, now or while its entries are read.
    """
    first = _get(f"{base_url}/bill?after=0&limit=1")["requests"]
    covers_from = _time(first[0]["at"]) - BEFORE_FIRST_ROW if first else None
    return Account(_bill_entries(base_url), True, covers_from, now)


def _bill_entries(base_url: str) -> Iterator[Entry]:
    after: int | None = 0
    while after is not None:
        page = _get(f"{base_url}/bill?after={after}&limit={PAGE_ROWS}")
        for row in page["requests"]:
            if row["billed"] or row["outcome"] == IN_FLIGHT:
                yield _bill_entry(row)
        after = page["next"]


def _bill_entry(row: Mapping[str, Any]) -> Entry:
    tokens = row["tokens"]
    return Entry(
        at=_time(row["at"]),
        model=row["model"] or "",
        usage=Usage(
            tokens["input"],
            tokens["cache_write_5m"],
            tokens["cache_write_1h"],
            tokens["cache_read"],
            tokens["output"],
        ),
        request_id=row["request_id"],
        cost_nanousd=row["cost_nanousd"],
        custom_id=row["custom_id"],
        is_batch=row["custom_id"] is not None,
        is_open=row["outcome"] == IN_FLIGHT,
    )


def _get(address: str) -> dict[str, Any]:
    """Straight, without the environment's proxies: the simulator is on this machine."""
    opener = build_opener(ProxyHandler({}))
    with opener.open(address, timeout=READ_SECONDS) as response:
        try:
            answer: dict[str, Any] = json.load(response)
        except ValueError as error:
            raise URLError("what answers there is not the simulator") from error
    return answer


def read_export(file: Path) -> Account:
    """A usage export in buckets of a minute: JSON as the Usage API answers (one page, or a list of pages), or a flat CSV.

    It covers the time from its first bucket to the end of its last.

    Raises:
        InvalidInput: Some line is not what it should be; it is named.
        OSError: The file cannot be read.
    """
    buckets = list(_read_csv(file) if file.suffix.lower() == ".csv" else _read_json(file))
    starts = [start for start, _ in buckets]
    entries = [entry for _, entry in buckets if entry and entry.usage != NOTHING]
    entries.sort(key=lambda entry: entry.at)
    if not starts:
        raise InvalidInput("usage", "the export has no buckets")
    return Account(entries, False, min(starts), max(starts) + MINUTE)


def _read_json(file: Path) -> Iterator[tuple[datetime, Entry | None]]:
    """Each bucket's start and one of its sums; None where nothing was billed in it."""
    try:
        said = json.loads(file.read_text("utf-8-sig"))
        pages = said if isinstance(said, list) else [said]
        for page in pages:
            for bucket in page["data"]:
                start, sums = _minute(bucket), bucket["results"]
                yield start, None
                for row in sums:
                    yield start, _export_entry(start, _flat(row))
        is_whole = not pages[-1].get("has_more")
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise InvalidInput("usage", f"not an answer of the Usage API by minute: {error}") from error
    if not is_whole:
        raise InvalidInput("usage", "the export breaks off: its last page says has_more")


def _read_csv(file: Path) -> Iterator[tuple[datetime, Entry | None]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines), start=2):
            try:
                start = _minute(row)
                yield start, _export_entry(start, row)
            except (KeyError, TypeError, ValueError) as error:
                raise InvalidInput("usage", f"line {number}: {error}") from error


def _minute(bucket: Mapping[str, Any]) -> datetime:
    start = _time(bucket["starting_at"])
    end = bucket.get("ending_at")
    if start != minute_of(start) or (end and _time(end) - start != MINUTE):
        raise ValueError(f"the bucket of {bucket['starting_at']} is not a minute")
    return start


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with `a: {b: 1}` as `a.b: 1`, as a CSV's columns are named."""
    nested = {
        f"{name}.{part}": value
        for name, parts in row.items()
        if isinstance(parts, Mapping)
        for part, value in parts.items()
    }
    return {**row, **nested}


def _export_entry(start: datetime, row: Mapping[str, Any]) -> Entry:
    if not row["model"]:
        raise ValueError("a sum without a model; group the export by model")
    counts = {ours: int(row.get(theirs) or 0) for theirs, ours in EXPORT_COLUMNS.items()}
    if min(counts.values()) < 0:
        raise ValueError("a negative count of tokens")
    is_batch = row.get("service_tier") == BATCH_TIER
    return Entry(start, row["model"], Usage(**counts), requests=0, is_batch=is_batch)


def minute_of(at: datetime) -> datetime:
    """The start of the minute that `at` lies in."""
    return at.replace(second=0, microsecond=0)


def _time(text: str) -> datetime:
    """A moment in UTC. Without a zone it is taken as UTC."""
    at = datetime.fromisoformat(text)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
