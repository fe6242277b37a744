"""Who may import whom: the contracts of import-linter, and what it cannot see."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import imports_any, python_files, relative
from tests.servers import ROOT

WEB = {
    "django.http",
    "django.shortcuts",
    "django.template",
    "django.views",
    "django.urls",
    "django.forms",
    "django.contrib.admin",
    "django.contrib.messages",
    "rest_framework",
    "unfold",
}
BELOW_THE_WEB = (
    "triage/services",
    "triage/selectors",
    "triage/models",
    "triage/types.py",
    "triage/exceptions.py",
    "triage/queue.py",
    "accounts/models.py",
)


def test_the_import_contracts_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")

    run = subprocess.run(
        [str(command), "--no-cache", "--no-logo"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert ", 0 broken" in run.stdout


@pytest.mark.parametrize("folder", BELOW_THE_WEB)
def test_nothing_below_the_web_knows_requests_or_templates(folder: str) -> None:
    found = {relative(path): imports_any(path, WEB) for path in python_files(folder)}

    assert {path: modules for path, modules in found.items() if modules} == {}


def test_only_the_gateways_client_imports_the_sdk_and_its_http_library() -> None:
    libraries = {"anthropic", "httpcore2", "httpx2", "httpx"}
    paths = python_files("accounts", "config", "triage", "manage.py")

    importers = [relative(path) for path in paths if imports_any(path, libraries)]
    assert importers
    assert [p for p in importers if not p.startswith("triage/services/gateway/client/")] == []


def test_only_the_gateway_writes_to_the_ledger() -> None:
    """Rows of the ledger are made in `services/gateway` alone; elsewhere they are read."""
    verbs = ("create(", "bulk_create(", "update(", "delete(", "update_or_create(", "get_or_create(")
    writes = [f"{model}.objects.{verb}" for model in ("Call", "Attempt") for verb in verbs]
    elsewhere = [path for path in python_files("triage") if "gateway" not in path.parts]

    found = [relative(p) for p in elsewhere if any(write in p.read_text() for write in writes)]

    assert found == []


def test_the_environment_is_read_in_config_alone() -> None:
    readers = ("os.environ", "os.getenv", "getenv(", "environs")
    found = [
        relative(path)
        for path in python_files("triage", "accounts")
        if any(reader in path.read_text() for reader in readers)
    ]

    assert found == []
