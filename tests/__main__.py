"""`make test`: the whole suite; without a Chromium it ends with one line that names what did not run."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from config.embedded import EmbeddedError, servers

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def main(jobs: str) -> int:
    has_browser = any(map(shutil.which, CHROMIUM_NAMES))
    is_required = os.environ.get("TRIAGE_REQUIRE_BROWSER") == "1"
    if is_required and not has_browser:
        print("error: no Chromium is installed, and TRIAGE_REQUIRE_BROWSER=1 asks for one")
        return 1
    chosen = [] if has_browser else ["-m", "not browser"]
    try:
        with servers(root=ROOT, throwaway=True):
            code = pytest.main(["-n", jobs, "--dist", "loadgroup", *chosen])
    except EmbeddedError as error:
        print(f"error: {error}")
        return 1
    if not has_browser:
        print("not run: the browser tests, for want of a Chromium (apt-get install chromium)")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "2"))
