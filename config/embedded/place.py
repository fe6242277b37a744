"""Where the embedded servers keep their things.

A checkout's state lives under its `var/`. When we are root and PostgreSQL's account cannot reach
that, its data lives under /var/tmp in a folder named by a hash of the checkout's path, and
`var/postgres-location` names it. Sockets live in a folder of their own with a short path, for a
socket's path may have about a hundred bytes. No permission of a foreign folder is changed.
"""

import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.embedded.account import Account, find_unprivileged
from config.embedded.errors import EmbeddedError, in_words
from config.embedded.roster import OUR_PREFIX, remove_ours, write_whole

SOCKET_FOLDER_BYTES = 75  # leaves room for `/postgres/.s.PGSQL.5432.lock` below 104, macOS's limit
PERSISTENT = Path("/var/tmp")


@dataclass(frozen=True)
class Place:
    """The folders of one set of servers; `account` runs PostgreSQL (None: we do).

    `postgres` holds the data, its password and, where need be, a copy of the programs. `temporary`
    are the folders to remove at the end.
    """

    account: Account | None
    postgres: Path
    redis: Path
    log: Path
    run: Path
    sockets: Path
    temporary: tuple[Path, ...]

    @property
    def data(self) -> Path:
        """PostgreSQL's data folder."""
        return self.postgres / "postgres"

    @property
    def password(self) -> Path:
        """The file with PostgreSQL's password."""
        return self.postgres / "postgres-password"

    @property
    def roster(self) -> Path:
        """The file that lists what runs."""
        return self.run / "roster.json"


def make_state(root: Path) -> Path:
    """The folder `var/` of the checkout `root`, with `var/run`, `var/log` and `var/redis` made.

    Raises:
        EmbeddedError: It cannot be made or written, or belongs to someone else.
    """
    var = root / "var"
    with in_words("cannot use the state folder"):
        var.mkdir(exist_ok=True)
        owner = var.stat().st_uid
        if os.geteuid() not in (0, owner):
            raise EmbeddedError(
                f"{var} belongs to the user with the id {owner}, who ran this first; "
                "remove it or hand it over to yourself"
            )
        for name in ("run", "log", "redis"):
            (var / name).mkdir(mode=0o700, exist_ok=True)
        write_whole(var / "run" / "writable", "")
    return var


def build_lasting(root: Path, *, needs_postgres: bool) -> Place:
    """The place whose data outlives the run: the checkout's own. See `make_state` for errors."""
    var = make_state(root)
    account = find_unprivileged(data=var / "postgres") if needs_postgres else None
    postgres = var
    if account and not account.can_enter(var):
        postgres = make_persistent(root)
        account = find_unprivileged(data=postgres / "postgres")
        with in_words("cannot write down where the data is"):
            (var / "postgres-location").write_text(f"{postgres}\n")
    sockets = make_sockets(account)
    return Place(account, postgres, var / "redis", var / "log", var / "run", sockets, (sockets,))


def build_throwaway(*, needs_postgres: bool) -> Place:
    """A place in temporary folders, for tests: nothing of it outlives the run."""
    account = find_unprivileged() if needs_postgres else None
    base = make_temporary([Path(tempfile.gettempdir()), PERSISTENT, Path("/tmp")], account=account)
    try:
        with in_words("cannot use the temporary folder"):
            for name in ("run", "log", "redis"):
                (base / name).mkdir(mode=0o700)
        sockets = make_sockets(account)
    except BaseException:
        remove_ours(base)
        raise
    folders = (sockets, base)
    return Place(account, base, base / "redis", base / "log", base / "run", sockets, folders)


def make_persistent(root: Path) -> Path:
    """Our folder under /var/tmp for the checkout `root`: writable by us alone, open to enter.

    A file `checkout` in it says whose it is, for whoever cleans up after a checkout is gone.

    Raises:
        EmbeddedError: Someone else made a thing of that name first.
    """
    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    folder = PERSISTENT / f"{OUR_PREFIX}{digest}"
    with in_words("cannot make a folder for PostgreSQL's data"):
        folder.mkdir(mode=0o711, exist_ok=True)
        found = folder.lstat()
        is_writable_by_others = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid or is_writable_by_others:
            raise EmbeddedError(f"{folder} was not made by us and is not safe to use; remove it")
        folder.chmod(0o711)
        (folder / "checkout").write_text(f"{root.resolve()}\n")
    return folder


def make_sockets(account: Account | None) -> Path:
    """A new private folder for sockets: `postgres` in it is `account`'s, `redis` ours."""
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    parents = [Path(runtime)] if runtime and is_short(Path(runtime)) else []
    base = make_temporary([*parents, Path("/tmp")], account=account)
    try:
        with in_words("cannot make a folder for sockets"):
            make_owned(base / "postgres", account=account)
            (base / "redis").mkdir(mode=0o700)
    except BaseException:
        remove_ours(base)
        raise
    return base


def is_short(parent: Path) -> bool:
    """Whether a socket under `parent` keeps a valid path, in lower case as URLs' hosts must be."""
    text = str(parent)
    return len(os.fsencode(parent)) <= SOCKET_FOLDER_BYTES - 16 and text == text.lower()


def make_temporary(parents: list[Path], *, account: Account | None) -> Path:
    """A new folder of ours in the first of `parents` where we may write and `account` may enter.

    Raises:
        EmbeddedError: There is none.
    """
    reason = "it cannot be entered"
    for parent in parents:
        if account and parent.is_dir() and not account.can_enter(parent):
            continue
        try:
            folder = Path(tempfile.mkdtemp(prefix=OUR_PREFIX, dir=parent))
            folder.chmod(0o711 if account else 0o700)
        except OSError as error:
            reason = error.strerror or str(error)
        else:
            return folder
    names = " or ".join(map(str, dict.fromkeys(parents)))
    raise EmbeddedError(f"cannot make a temporary folder in {names}: {reason}")


def make_owned(folder: Path, *, account: Account | None) -> None:
    """Make `folder`, private to `account`."""
    folder.mkdir(mode=0o700)
    if account:
        os.chown(folder, account.uid, account.gid)
