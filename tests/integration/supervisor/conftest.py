import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded import servers
from tests.integration.supervisor.cases import CODE, Checkout


@pytest.fixture(scope="module")
def given() -> Iterator[dict[str, str]]:
    """Servers for the runs that are not about servers."""
    names = ("DATABASE_URL", "REDIS_URL")
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            patch.delenv(name, raising=False)
        with servers(root=CODE, throwaway=True) as urls:
            yield dict(urls)


@pytest.fixture
def checkout(tmp_path: Path, given: dict[str, str]) -> Iterator[Checkout]:
    checkout = Checkout(tmp_path, given=given)
    yield checkout
    for run in checkout.runs:
        if run.popen.poll() is None:
            run.popen.terminate()
            run.popen.communicate(timeout=15)
    checkout.wait_until_empty(seconds=12)
    if checkout.location.startswith("/var/tmp/triage-"):
        shutil.rmtree(checkout.location)
