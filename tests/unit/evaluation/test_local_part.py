"""`python -m eval local`: the draw is fair, the figures are those of the model, and without the data it says so."""

from collections import Counter
from pathlib import Path

import pytest

from eval.data import BANKING77, FOLDER, read_banking77
from eval.local import draw, main, measure
from tests.unit.evaluation.local_cases import tickets
from triage.services.evaluation.replay.records import Judged


def judged(number: int, *, seed: int = 1) -> Judged:
    texts, labels = tickets(number, seed=seed)
    return Judged(tuple(texts), tuple(labels))


def test_a_draw_has_so_many_of_each_label_with_their_own_texts() -> None:
    whole = judged(80)

    drawn = draw(whole, per_class=5)

    assert set(Counter(drawn.labels).values()) == {5}
    assert set(zip(*_columns(drawn), strict=True)) <= set(zip(*_columns(whole), strict=True))
    assert draw(whole, per_class=None) == whole


def test_the_figures_are_those_of_the_model() -> None:
    found = measure(judged(120), judged(200, seed=2))

    assert found.tickets == 120
    assert found.accuracy > 0.9
    assert found.unknown < found.foreign
    assert found.tickets_a_second > 500


def test_without_the_data_there_is_nothing_to_break(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--data", str(tmp_path)])

    assert f"{tmp_path / BANKING77} is not there" in capsys.readouterr().out


def test_the_table_has_a_row_for_each_number_of_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / BANKING77).mkdir(parents=True)
    for name, each in (("train.csv", judged(100)), ("test.csv", judged(60, seed=2))):
        rows = [f"{text},{label}" for text, label in zip(*_columns(each), strict=True)]
        (tmp_path / BANKING77 / name).write_text("\n".join(["text,category", *rows]))

    main(["--data", str(tmp_path)])

    said = capsys.readouterr().out
    assert said.startswith("MEASURED: the local model on the 60 test tickets")
    assert [line.split(" | ")[1] for line in said.splitlines() if line.startswith("| ")][1:] == [
        "20",
        "40",
        "80",
        "100",
    ]


@pytest.mark.skipif(not (FOLDER / BANKING77).is_dir(), reason=f"{FOLDER / BANKING77} is not there")
def test_five_labels_a_class_go_a_long_way_on_public_tickets() -> None:
    training, _ = read_banking77(FOLDER / BANKING77 / "train.csv")
    asked, _ = read_banking77(FOLDER / BANKING77 / "test.csv")

    found = measure(draw(training, per_class=5), asked)

    assert found.accuracy > 0.58
    assert found.ece < 0.1


def _columns(tickets: Judged) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tickets.texts, tickets.labels
