"""The API held to its schema: schemathesis against a real server, with and without a token, valid and invalid data, links.

Rates are lifted for it; what a schema cannot say stands with its reason in `schemathesis.toml`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from bench.stage import ROOT, await_port, free_port, process

CONFIG = ROOT / "bench" / "schemathesis.toml"
ALL_PHASES = "examples,coverage,fuzzing,stateful"
CASES = 40  # of each operation and phase
SHOWN = re.compile(
    r"^.*(?:Seed:|generated|passed|failed|Scenarios|API Links|No issues|failures in).*$",
    re.MULTILINE,
)


def main() -> None:
    """Exits with 1 where the API is not what its schema says."""
    print("\n## The API against its schema\n", flush=True)
    with web() as address:
        said = run(address, _issue_token(), cases=CASES)
    found = said.returncode == 0
    print("\n".join(SHOWN.findall(said.stdout)) if found else said.stdout)
    if not found:
        sys.exit(1)


@contextmanager
def web() -> Iterator[str]:
    """The real application on one process: its address."""
    port = free_port()
    os.environ |= {
        "TRIAGE_API_PER_MINUTE": "1000000000",
        "TRIAGE_HTTPS": "0",
        "ALLOWED_HOSTS": "127.0.0.1",
    }
    argv = [sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port)]
    with process([*argv, "--log-level", "warning", "--lifespan", "off"]):
        await_port(port)
        yield f"http://127.0.0.1:{port}"


def _issue_token() -> str:
    """An admin's, with every scope."""
    from accounts import tokens
    from accounts.models import Role, User
    from accounts.models.tokens import Scope

    admin = User.objects.create_user("contract@example.com", role=Role.ADMIN)
    return tokens.issue(admin, name="contract", scopes=Scope.values, by=admin).secret


def run(
    address: str, token: str, *, cases: int, phases: str = ALL_PHASES, seed: int = 1
) -> subprocess.CompletedProcess[str]:
    """schemathesis over every operation, in all its phases; what it found is its exit code and its text."""
    argv = [
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run"),
        f"{address}/api/schema/?format=json",
        *("--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--mode", "all", "--phases", phases, "--max-examples", str(cases)),
        *("--seed", str(seed), "--continue-on-failure", "--no-color"),
    ]
    with TemporaryDirectory() as folder:  # it keeps what it found where it stands
        return subprocess.run(argv, cwd=folder, check=False, capture_output=True, text=True)
