"""The schema is valid, and the API is what it says: a small run of what `python -m bench contract` does at full scale."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts import tokens
from accounts.models import User
from accounts.models.tokens import Scope
from bench import contract
from tests import processes
from tests.contract.access import operations
from tests.servers import ROOT

CASES = 3


@pytest.fixture
def schema(db: None) -> dict[str, Any]:
    said: dict[str, Any] = Client().get("/api/schema/?format=json").json()
    return said


def test_every_operation_stands_in_the_schema_with_an_example(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    for operation in operations():
        drawn = schema["paths"][f"/api{operation.path}"][operation.method.lower()]
        good = [status for status in drawn["responses"] if status.startswith("2")]
        contents = [drawn["responses"][status].get("content", {}) for status in good]
        is_shown = any("examples" in kind for content in contents for kind in content.values())
        has_no_body = good == ["204"]
        is_stream = "text/event-stream" in contents[0]
        assert is_shown or has_no_body or is_stream, operation


def test_nothing_stands_in_the_schema_that_is_not_there(schema: dict[str, Any]) -> None:
    there = {(f"/api{operation.path}", operation.method.lower()) for operation in operations()}

    assert {
        (path, method) for path, methods in schema["paths"].items() for method in methods
    } == there


def test_drawing_the_schema_warns_of_nothing() -> None:
    command = [sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn"]

    said = subprocess.run(
        [*command, "--file", "/dev/null"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SECRET_KEY": "x", "DEBUG": "1"},
    )

    assert (said.returncode, said.stderr) == (0, "")


def test_requests_that_the_schema_allows_and_those_it_does_not(
    transactional_db: None, bob: User, settings: Settings
) -> None:
    token = tokens.issue(bob, name="contract", scopes=Scope.values, by=bob).secret

    with processes.web(TRIAGE_API_PER_MINUTE="1000000") as address:
        said = contract.run(address, token, cases=CASES, phases="examples,fuzzing")

    assert said.returncode == 0, said.stdout[-5_000:]
