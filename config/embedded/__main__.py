"""Runs a command with the servers it needs: `python -m config.embedded -- COMMAND …`."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from config.embedded.errors import EmbeddedError
from config.embedded.session import servers

USAGE = "usage: python -m config.embedded -- COMMAND [ARGUMENT …]"
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(arguments: list[str]) -> int:
    """Run the command after `--` inside the checkout's servers; its exit code, as a shell's."""
    command = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not command:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        with servers(root=Path.cwd()):
            return run(command)
    except EmbeddedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def run(command: list[str]) -> int:
    """Run `command` and pass signals on to it.

    At a terminal it shares our group, so that it can read keys and gets Ctrl-C by itself;
    elsewhere it has a session of its own and gets every signal from us, once.
    """
    has_terminal = os.isatty(0)
    try:
        popen = subprocess.Popen(command, start_new_session=not has_terminal)
    except OSError as error:
        raise EmbeddedError(f"cannot run {command[0]}: {error.strerror}") from error

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGINT or not has_terminal:
            popen.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in PASSED_ON}
    try:
        code = popen.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
