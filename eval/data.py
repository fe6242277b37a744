"""Public data that the evaluation reads where it is there; none of it is in this repository: docs/evaluation.md says whence."""

from pathlib import Path

from triage.services.evaluation.replay.records import Judged, digest, read_csv

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"
BANKING77, OCATS = "banking77/raw", "ocats_banking77"
MISSING = "{folder} is not there: nothing to show. docs/evaluation.md says where it comes from; --data names another place."


def find(folder: Path, name: str) -> Path | None:
    """The folder of one set; says so and gives None where it is not there."""
    found = folder / name
    if found.is_dir():
        return found
    print(MISSING.format(folder=found))
    return None


def read_banking77(path: Path) -> tuple[Judged, str]:
    """The tickets of one of its files, and the file's SHA-256."""
    content = path.read_bytes()
    rows = read_csv(content)
    texts = tuple(row["text"] for row in rows)
    return Judged(texts, tuple(row["category"] for row in rows)), digest(content)
