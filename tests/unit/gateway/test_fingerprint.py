"""Two requests are the same if nothing that changes the answer differs, and only then."""

import copy
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anthropic
import pytest

from triage.services.gateway import Request, fingerprint, shaping
from triage.services.gateway.catalog import HAIKU, SONNET
from triage.services.gateway.fingerprint import API_VERSION, fingerprint_of
from triage.services.gateway.shaping import shape

ROOT = Path(__file__).parents[3]
SCHEMA = {"type": "object", "properties": {"label": {"enum": ["a", "b"]}}}
REQUEST = Request(
    system="The guide.",
    content=("<ticket>Grüße 🌿</ticket>", "Sort the ticket."),
    max_tokens=400,
    schema=SCHEMA,
    prompt_version="p1",
    taxonomy_version="t1",
)
ELSEWHERE = f"""
import django
django.setup()
from triage.services.gateway import Request
from triage.services.gateway.fingerprint import fingerprint_of
from triage.services.gateway.shaping import shape
request = {REQUEST!r}
print(fingerprint_of(request, shape(request, {HAIKU!r})))
"""


def of(request: Request, model: str = HAIKU) -> str:
    return fingerprint_of(request, shape(request, model))


def test_equal_requests_have_equal_fingerprints() -> None:
    assert of(copy.deepcopy(REQUEST)) == of(REQUEST)
    assert len(of(REQUEST)) == 64


@pytest.mark.parametrize(
    "changed",
    [
        replace(REQUEST, system="The guide. "),
        replace(REQUEST, content=("<ticket>Grüsse 🌿</ticket>", "Sort the ticket.")),
        replace(REQUEST, content=REQUEST.content[::-1]),
        replace(REQUEST, content=("".join(REQUEST.content),)),
        replace(REQUEST, max_tokens=401),
        replace(REQUEST, schema=None),
        replace(REQUEST, schema={**SCHEMA, "properties": {"label": {"enum": ["b", "a"]}}}),
        replace(REQUEST, prompt_version="p2"),
        replace(REQUEST, taxonomy_version="t2"),
    ],
    ids=[
        "system",
        "text",
        "order of the messages",
        "blocks",
        "max_tokens",
        "no schema",
        "order of an enum",
        "prompt version",
        "taxonomy version",
    ],
)
def test_whatever_changes_the_answer_changes_the_fingerprint(changed: Request) -> None:
    assert of(changed) != of(REQUEST)


def test_another_model_is_another_fingerprint() -> None:
    assert of(REQUEST, SONNET) != of(REQUEST, HAIKU)


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(thinking={"type": "adaptive"}),
        lambda body: body.pop("thinking"),
        lambda body: body["output_config"].update(effort="high"),
        lambda body: body.update(tools=[{"name": "t", "input_schema": {}}]),
        lambda body: body.update(tool_choice={"type": "auto"}),
        lambda body: body.update(stop_sequences=["\n"]),
        lambda body: body["messages"].append({"role": "user", "content": "And?"}),
    ],
    ids=["thinking", "no thinking", "effort", "tools", "tool_choice", "stop", "another message"],
)
def test_each_field_of_the_body_that_changes_the_answer_counts(
    change: Callable[[dict[str, Any]], object],
) -> None:
    body = copy.deepcopy(shape(REQUEST, HAIKU))
    change(body)

    assert fingerprint_of(REQUEST, body) != of(REQUEST)


def test_the_api_version_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = of(REQUEST)

    monkeypatch.setattr(fingerprint, "API_VERSION", "2023-06-01")

    assert of(REQUEST) != before


@pytest.mark.parametrize("control", [{"type": "ephemeral", "ttl": "1h"}, None])
def test_caching_of_the_prefix_does_not_count(
    control: dict[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = of(REQUEST)

    monkeypatch.setattr(shaping, "BREAKPOINT", control)

    assert shape(REQUEST, HAIKU)["system"][0]["cache_control"] == control
    assert of(REQUEST) == before


def test_the_api_version_is_the_one_that_the_installed_sdk_sends() -> None:
    headers = anthropic.Anthropic(api_key="any").default_headers

    assert headers["anthropic-version"] == API_VERSION


def test_another_process_finds_the_same_fingerprint() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7", "DJANGO_SETTINGS_MODULE": "config.settings"}

    elsewhere = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert elsewhere.stdout.strip() == of(REQUEST)
