"""The recorded answers of GPT-3.5 and GPT-4 to the BANKING77 test questions, as published with OCaTS (MIT licence).

Source: P. Stogiannidis, S. Vassos, P. Malakasiotis and I. Androutsopoulos, "Cache me if you can", Findings of EMNLP 2023;
github.com/stoyian/OCaTS at commit 26d5acf9298ef0336041b4ab6fada39d23ab5b70. The files are not part of this repository.
"""

from pathlib import Path

from triage.exceptions import InvalidInput
from triage.services.evaluation.replay.records import Answers, Recorded, digest, judged, read_csv

TICKETS, POOL = "raw_test.csv", "raw_train.csv"
CHEAP, STRONG = "gpt-3.5", "gpt-4"
COLUMNS = {CHEAP: "gpt35-label_rep", STRONG: "gpt-label"}


def read_ocats(folder: Path) -> Recorded:
    """3,080 questions with both models' answers, and 9,002 others with known labels; labels are numbers.

    Raises:
        InvalidInput: A file is missing, or has other columns.
    """
    files: dict[str, bytes] = {}
    for name in (TICKETS, POOL):
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as exc:
            raise InvalidInput(name, f"not readable in {folder}") from exc
    asked, pool = (read_csv(files[name]) for name in (TICKETS, POOL))
    try:
        models = {
            model: Answers(tuple(row[column].strip() for row in asked))
            for model, column in COLUMNS.items()
        }
        tickets, others = judged(asked), judged(pool)
    except KeyError as exc:
        raise InvalidInput("columns", f"{exc} is missing") from exc
    return Recorded({n: digest(content) for n, content in files.items()}, tickets, models, others)
