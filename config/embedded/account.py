"""The account PostgreSQL runs as: ours, or an unprivileged one when we are root.

PostgreSQL refuses root. No account is added and no permission of a foreign folder is changed: an
account that exists already does, and `can_enter` asks what it may reach.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from config.embedded.errors import EmbeddedError

CANDIDATES = ("postgres", "nobody")


class Switch(TypedDict, total=False):
    """What subprocess needs to start a program as another account, without its groups."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Account:
    """A user of the machine."""

    name: str
    uid: int
    gid: int

    @property
    def switch(self) -> Switch:
        """Keyword arguments for subprocess."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can read and enter `folder`, tried rather than worked out.

        Raises:
            EmbeddedError: We may not act as this account.
        """
        command = ["/bin/sh", "-c", 'test -r "$1/." && test -x "$1/."', "sh", str(folder)]
        try:
            return not subprocess.run(command, cwd="/", check=False, **self.switch).returncode
        except OSError as error:
            raise EmbeddedError(
                f"root may not act as the user {self.name} here ({error.strerror}); "
                "run this as a plain user, or set DATABASE_URL"
            ) from error


def find_unprivileged(*, data: Path | None = None) -> Account | None:
    """Whom to run PostgreSQL as: None unless we are root, else the owner of `data` or a candidate.

    Raises:
        EmbeddedError: We are root and the machine has no unprivileged user we know.
    """
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data and data.exists() else 0
    if owner:
        return find_account(owner)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as; "
        "run this as a plain user, or set DATABASE_URL"
    )


def find_account(uid: int) -> Account:
    """The account with this id; one without an entry gets its id as name and group."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, uid)
    return Account(entry.pw_name, uid, entry.pw_gid)
