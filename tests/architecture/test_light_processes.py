"""scikit-learn takes some 140 MB: only the worker that trains and fits may load it."""

import subprocess
import sys

import pytest

LOOK = """
import django, importlib, sys
django.setup()
importlib.import_module(sys.argv[1])
print("sklearn" in sys.modules)
"""


def loads_it(module: str) -> bool:
    found = subprocess.run(
        [sys.executable, "-c", LOOK, module], capture_output=True, text=True, check=True
    )
    return found.stdout.split()[-1] == "True"


@pytest.mark.parametrize("module", ["config.urls", "triage.tasks", "config.celery"])
def test_web_processes_and_ordinary_workers_do_without_it(module: str) -> None:
    assert not loads_it(module)


def test_the_worker_that_learns_has_it() -> None:
    assert loads_it("triage.tasks.learning")
