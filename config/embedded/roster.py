"""The list on disk of what one run has started, for whoever must clean up after it.

Written before a program begins to run and after it has ended, read by the watchdog and by the next
start. Each write replaces the file as a whole.
"""

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

from config.embedded.process import Rank, Record

OUR_PREFIX = "triage-"


@dataclass
class Roster:
    """What runs: the programs, the watchdog, and the folders to remove once all have stopped."""

    path: Path
    folders: list[Path] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    watchdog: Record | None = None

    def save(self) -> None:
        """Write the roster to its file, readable by us alone."""
        content = {
            "folders": [str(folder) for folder in self.folders],
            "records": [asdict(record) for record in self.records],
            "watchdog": asdict(self.watchdog) if self.watchdog else None,
        }
        write_whole(self.path, json.dumps(content))

    def remove(self) -> None:
        """Remove the listed folders that are ours, and the file."""
        for folder in self.folders:
            remove_ours(folder)
        self.path.unlink(missing_ok=True)


def load_roster(path: Path) -> Roster | None:
    """The roster in the file `path`, or None if there is none or it cannot be read as one."""
    try:
        content = json.loads(path.read_text())
        watchdog = content["watchdog"]
        return Roster(
            path,
            folders=[Path(folder) for folder in content["folders"]],
            records=[parse_record(entry) for entry in content["records"]],
            watchdog=parse_record(watchdog) if watchdog else None,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def parse_record(entry: dict[str, str]) -> Record:
    """The record written as `entry`."""
    return Record(entry["name"], int(entry["pid"]), entry["identity"], Rank(int(entry["rank"])))


def remove_ours(folder: Path) -> None:
    """Remove a temporary folder of ours with all it holds; anything else is left alone."""
    try:
        is_ours = folder.name.startswith(OUR_PREFIX) and folder.lstat().st_uid == os.geteuid()
    except OSError:
        return
    if is_ours and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


def write_whole(path: Path, text: str, *, uid: int = -1) -> None:
    """Replace the file `path` by `text`, for its owner's eyes only; readers see old or new."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            if uid >= 0:
                os.fchown(file.fileno(), uid, -1)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
