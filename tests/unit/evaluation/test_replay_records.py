"""Tables of recorded answers, as people have them, and what is wrong with one."""

from hashlib import sha256
from pathlib import Path

import pytest

from triage.exceptions import InvalidInput
from triage.services.evaluation.replay.ocats import read_ocats
from triage.services.evaluation.replay.records import Recorded, read

HEAD = "text,label,small,small_confidence,small_latency_ms,small_cost_usd,large"
ROWS = 'where is my parcel,shipping,shipping,0.9,120,0.0001,shipping\n"pay, please",billing,login,0.4,90,0.0002,'


def written(folder: Path, content: str, *, name: str = "answers.csv") -> Recorded:
    (folder / name).write_text(content)
    return read(folder / name)


def test_a_column_is_a_model_and_its_figures_stand_beside_it(tmp_path: Path) -> None:
    found = written(tmp_path, f"{HEAD}\n{ROWS}\n")

    assert found.tickets.texts == ("where is my parcel", "pay, please")
    assert found.tickets.labels == ("shipping", "billing")
    assert list(found.models) == ["small", "large"]
    assert found.models["small"].labels == ("shipping", "login")
    assert found.models["small"].confidences == (0.9, 0.4)
    assert found.models["small"].latencies_ms == (120.0, 90.0)
    assert found.models["small"].costs_usd == (0.0001, 0.0002)


def test_no_answer_is_an_empty_one(tmp_path: Path) -> None:
    found = written(tmp_path, f"{HEAD}\n{ROWS}\n")

    assert found.models["large"].labels == ("shipping", "")
    assert found.models["large"].confidences == ()


def test_figures_with_gaps_are_left_out(tmp_path: Path) -> None:
    found = written(tmp_path, "text,label,m,m_cost_usd\na,x,x,0.1\nb,y,y,\n")

    assert found.models["m"].costs_usd == ()


def test_lines_of_json_say_the_same(tmp_path: Path) -> None:
    content = '{"text": "a", "label": 7, "m": 7, "m_confidence": 0.5}\n\n{"text": "b", "label": 8, "m": null}\n'

    found = written(tmp_path, content, name="answers.jsonl")

    assert found.tickets.labels == ("7", "8")
    assert found.models["m"].labels == ("7", "")


def test_the_file_is_named_with_its_digest(tmp_path: Path) -> None:
    content = f"{HEAD}\n{ROWS}\n"

    found = written(tmp_path, content)

    assert found.files == {"answers.csv": sha256(content.encode()).hexdigest()}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "it has no tickets"),
        ("text,label\na,x\n", "no column of a model's answers"),
        ("words,label,m\na,x,x\n", "ticket 1 has no text"),
        ("text,label,m\na,x,x\nb,,x\n", "ticket 2 has no label"),
        ("text,label,m,m_confidence\na,x,x,2\n", "m_confidence: number 1 is 2.0, not 0 to 1"),
        ("text,label,m,m_cost_usd\na,x,x,cheap\n", "m_cost_usd: could not convert"),
        ("text,label,m,m_cost_usd\na,x,x,nan\n", "m_cost_usd: a number below 0"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(tmp_path: Path, content: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        written(tmp_path, content)

    assert problem in str(caught.value)


@pytest.mark.parametrize("content", ["{", "[1]", '{"text": "a"'])
def test_broken_json_is_named(tmp_path: Path, content: str) -> None:
    with pytest.raises(InvalidInput, match=r"answers\.jsonl: not readable"):
        written(tmp_path, content, name="answers.jsonl")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "answers.csv").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(InvalidInput, match="not readable"):
        read(tmp_path / "answers.csv")


def test_the_published_answers_are_two_models_and_a_pool(tmp_path: Path) -> None:
    head = "text,label,gpt-label,gpt4-label_nonrep,gpt35-label_rep"
    (tmp_path / "raw_test.csv").write_text(f"{head}\nwhere is my card,11,11,3,41\n")
    (tmp_path / "raw_train.csv").write_text("text,label\nis my card on its way,11\n")

    found = read_ocats(tmp_path)

    assert found.models["gpt-4"].labels == ("11",)
    assert found.models["gpt-3.5"].labels == ("41",)
    assert found.pool.texts == ("is my card on its way",)
    assert set(found.files) == {"raw_test.csv", "raw_train.csv"}


def test_a_missing_file_or_column_of_the_published_answers_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"raw_test\.csv: not readable"):
        read_ocats(tmp_path)
    for name in ("raw_test.csv", "raw_train.csv"):
        (tmp_path / name).write_text("text,label\na,1\n")
    with pytest.raises(InvalidInput, match="columns: 'gpt35-label_rep' is missing"):
        read_ocats(tmp_path)
