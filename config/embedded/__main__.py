"""Runs a command with the servers it needs: `python -m config.embedded [--throwaway] -- COMMAND …`.

With `--throwaway` the servers live in temporary folders, as for tests.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from config.embedded.errors import EmbeddedError
from config.embedded.session import servers

USAGE = "usage: python -m config.embedded [--throwaway] -- COMMAND [ARGUMENT …]"
PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def main(arguments: list[str]) -> int:
    """Run the command after `--` inside the checkout's servers; its exit code, as a shell's."""
    throwaway = arguments[:1] == ["--throwaway"]
    dashes, *command = arguments[throwaway:] or [""]
    if dashes != "--" or not command:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        with servers(root=Path.cwd(), throwaway=throwaway):
            return run(command)
    except EmbeddedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


class Relay:
    """Passes signals on to one process; those that come before it runs wait for it."""

    def __init__(self, *, has_terminal: bool) -> None:
        self._has_terminal = has_terminal
        self._popen: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def attach(self, popen: subprocess.Popen[bytes]) -> None:
        """Pass on to `popen` from now on, and what came earlier first."""
        self._popen = popen
        for number in self._early:
            popen.send_signal(number)

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        """A signal handler."""
        if number == signal.SIGINT and self._has_terminal:
            return
        if self._popen:
            self._popen.send_signal(number)
        else:
            self._early.append(number)


def run(command: list[str]) -> int:
    """Run `command` and pass signals on to it.

    At a terminal it shares our group, so that it can read keys and gets Ctrl-C by itself;
    elsewhere it has a session of its own and gets every signal from us, once.
    """
    has_terminal = os.isatty(0)
    relay = Relay(has_terminal=has_terminal)
    before = {number: signal.signal(number, relay.pass_on) for number in PASSED_ON}
    try:
        popen = subprocess.Popen(command, start_new_session=not has_terminal)
        relay.attach(popen)
        code = await_end(popen)
    except OSError as error:
        raise EmbeddedError(f"cannot run {command[0]}: {error.strerror}") from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def await_end(popen: subprocess.Popen[bytes]) -> int:
    """Its exit code. Waits in slices: a signal that comes just before a wait is handled only after it."""
    while True:
        try:
            return popen.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
