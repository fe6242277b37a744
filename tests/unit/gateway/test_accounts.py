"""Reading the provider's account: the simulator's bill and usage exports."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from triage.exceptions import InvalidInput
from triage.services.gateway import accounts, client
from triage.services.gateway.accounts import Entry, read_bill, read_export
from triage.services.gateway.catalog import HAIKU
from triage.simulator import RunningSimulator
from triage.types import Usage

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
SUMS = {
    "uncached_input_tokens": 1,
    "cache_creation": {"ephemeral_5m_input_tokens": 2, "ephemeral_1h_input_tokens": 3},
    "cache_read_input_tokens": 4,
    "output_tokens": 5,
    "model": HAIKU,
    "service_tier": "standard",
}


def bucket(start: str, *results: dict[str, Any], seconds: int = 60) -> dict[str, Any]:
    end = datetime.fromisoformat(start) + timedelta(seconds=seconds)
    return {"starting_at": start, "ending_at": end.isoformat(), "results": list(results)}


def export(tmp_path: Path, said: object, name: str = "usage.json") -> Path:
    file = tmp_path / name
    file.write_text(said if isinstance(said, str) else json.dumps(said))
    return file


def test_the_bill_is_read_to_its_end_page_by_page(
    claude: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "PAGE_ROWS", 2)
    body = {"model": HAIKU, "max_tokens": 20, "messages": [{"role": "user", "content": "Hello"}]}
    for _ in range(5):
        client.send(body, seconds=5)
    now = datetime.now(UTC)

    account = read_bill(claude.base_url, now=now)
    entries = list(account.entries)

    rows = claude.bill()["requests"]
    assert [each.request_id for each in entries] == [row["request_id"] for row in rows]
    assert [each.cost_nanousd for each in entries] == [row["cost_nanousd"] for row in rows]
    assert entries[0].usage.output_tokens == rows[0]["tokens"]["output"]
    assert account.names_requests
    assert account.covers_from is not None
    assert account.covers_from < entries[0].at < account.covers_to == now


def test_an_empty_bill_covers_nothing(claude: RunningSimulator) -> None:
    account = read_bill(claude.base_url, now=NOON)

    assert (list(account.entries), account.covers_from) == ([], None)


def test_the_usage_apis_answer_gives_an_entry_a_minute_and_model(tmp_path: Path) -> None:
    batch = SUMS | {"service_tier": "batch"}
    page = {
        "data": [
            bucket("2026-11-10T12:01:00Z", SUMS, batch),
            bucket("2026-11-10T12:00:00Z"),
        ],
        "has_more": False,
    }

    account = read_export(export(tmp_path, page))

    usage = Usage(1, 2, 3, 4, 5)
    at = NOON + timedelta(minutes=1)
    assert list(account.entries) == [
        Entry(at, HAIKU, usage, requests=0),
        Entry(at, HAIKU, usage, requests=0, is_batch=True),
    ]
    assert (account.covers_from, account.covers_to) == (NOON, NOON + timedelta(minutes=2))
    assert not account.names_requests


def test_a_flat_csv_has_the_same_columns(tmp_path: Path) -> None:
    text = (
        "starting_at,model,uncached_input_tokens,cache_creation.ephemeral_5m_input_tokens,"
        "cache_creation.ephemeral_1h_input_tokens,cache_read_input_tokens,output_tokens\n"
        f"2026-11-10 12:00:00,{HAIKU},1,2,3,4,5\n"
    )

    account = read_export(export(tmp_path, text, "usage.csv"))

    assert list(account.entries) == [Entry(NOON, HAIKU, Usage(1, 2, 3, 4, 5), requests=0)]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("not json", "not an answer of the Usage API"),
        ({}, "not an answer of the Usage API"),
        ([], "not an answer of the Usage API"),
        ({"data": []}, "no buckets"),
        ({"data": [bucket("2026-11-10T12:00:00Z")], "has_more": True}, "has_more"),
        ({"data": [bucket("2026-11-10T12:00:00Z", seconds=3600)]}, "is not a minute"),
        ({"data": [bucket("2026-11-10T12:00:00Z", SUMS | {"model": None})]}, "without a model"),
        ({"data": [bucket("2026-11-10T12:00:00Z", SUMS | {"output_tokens": -1})]}, "negative"),
    ],
)
def test_an_export_that_is_none_says_why(tmp_path: Path, said: object, problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        read_export(export(tmp_path, said))
