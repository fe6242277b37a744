"""What docs/api.md shows works as it stands: the quick start against a real server, the webhooks' test vector."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from standardwebhooks import Webhook

from accounts import tokens
from accounts.models import User
from accounts.models.tokens import Scope
from tests import processes
from tests.contract.test_access_table import DOCS
from triage.models import Ticket
from triage.services.webhooks import signing

TEXT = DOCS.read_text()
QUICK_START = re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL)
VECTOR = json.loads(re.findall(r"A test vector:\n\n```json\n(.*?)```", TEXT, re.DOTALL)[0])


@pytest.fixture
def address(transactional_db: None) -> Iterator[str]:
    with processes.web() as address:
        yield address


def test_the_quick_start_works_line_by_line(address: str, charlie: User) -> None:
    scopes = [Scope.TICKETS_READ, Scope.TICKETS_WRITE, Scope.USAGE_READ]
    token = tokens.issue(charlie, name="quick start", scopes=scopes, by=charlie).secret
    environment = {**os.environ, "TRIAGE": address, "TOKEN": token}

    answers = [
        json.loads(
            subprocess.run(
                ["/bin/sh", "-c", command], env=environment, check=True, capture_output=True
            ).stdout
        )
        for command in QUICK_START
    ]

    created, found, changed, quota = answers
    assert created["id"] == Ticket.objects.get().pk
    assert [row["id"] for row in found["data"]] == [created["id"]]
    assert [row["id"] for row in changed["data"]] == [created["id"]]
    assert quota["calls_per_minute"]["limit"] == 20


def test_the_test_vector_is_what_we_sign_and_what_others_verify() -> None:
    at = datetime.fromtimestamp(int(VECTOR["webhook-timestamp"]), UTC)
    headers = {name: VECTOR[name] for name in VECTOR if name.startswith("webhook-")}

    signed = signing.build_headers(
        VECTOR["webhook-id"], VECTOR["body"], secrets=[VECTOR["secret"]], at=at
    )

    assert signed == headers
    with time_machine.travel(at, tick=False):
        said = Webhook(VECTOR["secret"]).verify(VECTOR["body"], headers)
    assert said["type"] == "webhook.test"


def test_the_prompt_of_the_quick_start_names_a_command_that_is_there() -> None:
    command = re.findall(r"^python (manage.py \w+) ", TEXT, re.MULTILINE)[0].split()
    root = Path(DOCS).parents[1]

    said = subprocess.run(
        [sys.executable, *command, "--help"], cwd=root, check=True, capture_output=True, text=True
    )

    assert "--scope" in said.stdout
