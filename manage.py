#!/usr/bin/env python
"""Django's command line, with a private PostgreSQL and Redis where none is configured."""

import os
import sys
from pathlib import Path

from config.embedded import EmbeddedError, servers
from config.supervisor_settings import fill_in_for_a_laptop

ROOT = Path(__file__).resolve().parent
# These read no database: they must work, and be quick, on a machine with nothing running.
SERVERLESS = {"simulator", "makemigrations", "help", "version", "collectstatic", "diffsettings"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        fill_in_for_a_laptop(ROOT)
        if command in SERVERLESS or "--help" in sys.argv:
            return execute()
        with servers(root=ROOT):
            execute()
    except EmbeddedError as error:
        sys.exit(f"error: {error}")


def execute() -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
