"""Whole splits: nothing that is scored was learnt or chosen by, the figures are those of the table, and the tables say so."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import replay
from eval.data import FOLDER, OCATS
from tests.unit.evaluation.replay_cases import PRICES, recorded
from triage.exceptions import InvalidInput
from triage.services.evaluation.replay import playing
from triage.services.evaluation.replay.choosing import best_within, certified
from triage.services.evaluation.replay.ocats import read_ocats
from triage.services.evaluation.replay.playing import Rules, Strategy, play, sample, taught_by_all
from triage.services.evaluation.replay.records import Answers, Judged
from triage.services.evaluation.replay.summary import promised, summarize
from triage.services.evaluation.replay.table import Table, prepare
from triage.services.statistics.splits import Part, deal

RULES = Rules()


@pytest.fixture(scope="module")
def table() -> Table:
    return prepare(recorded(pool=400), cheap="cheap", strong="strong", prices=PRICES)


def test_a_cascade_is_better_than_its_models_for_a_tenth_of_the_cost(table: Table) -> None:
    played = [play(table, per_class=20, seed=seed, rules=RULES) for seed in range(10)]

    rows = {name: summarize(played, strategy=name, rules=RULES) for name in Strategy}
    assert rows[Strategy.CASCADE].accuracy > rows[Strategy.STRONG].accuracy + 0.03
    assert rows[Strategy.CASCADE].cost < 0.1 < rows[Strategy.STRONG].cost == 1
    assert rows[Strategy.LOCAL].cost == 0
    assert rows[Strategy.CHEAP].accuracy == pytest.approx(0.75, abs=0.05)
    assert rows[Strategy.STRONG].accuracy == pytest.approx(0.85, abs=0.05)
    assert rows[Strategy.RANDOM].cost == pytest.approx(rows[Strategy.CASCADE].cost, rel=0.01)
    assert rows[Strategy.ORACLE].accuracy >= rows[Strategy.CASCADE].accuracy
    assert rows[Strategy.CASCADE].held >= 0.8


def test_a_split_is_the_same_each_time(table: Table) -> None:
    first, again = (play(table, per_class=5, seed=3, rules=RULES) for _ in range(2))

    assert first == again


def test_answers_to_the_scored_tickets_do_not_move_what_was_chosen(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(playing, "best_within", _noting(seen, best_within))
    monkeypatch.setattr(playing, "certified", _noting(seen, certified))
    scored = np.array(deal(table.groups, seed=1, shares=playing.WITH_POOL)[Part.REPORT])
    codes = table.codes.copy()
    codes[scored] = (codes[scored] + 1) % 4

    honest = play(table, per_class=10, seed=1, rules=RULES)
    spoilt = play(replace(table, codes=codes), per_class=10, seed=1, rules=RULES)

    assert seen[:2] == seen[2:]
    assert spoilt.figures[Strategy.CASCADE].accuracy < honest.figures[Strategy.CASCADE].accuracy / 2


def test_tickets_of_the_pool_that_say_the_same_as_a_recorded_one_are_left_out() -> None:
    given = recorded(100, pool=50)
    copied = (
        given.pool.texts[:39]
        + given.pool.texts[:1]
        + tuple(text.upper() for text in given.tickets.texts[:10])
    )
    given = replace(given, pool=Judged(copied, given.pool.labels))

    found = prepare(given, cheap="cheap", strong="strong", prices=PRICES)

    assert found.dropped == 10
    assert found.pool.tolist() == list(range(100, 140))


def test_without_a_pool_a_part_of_the_tickets_trains() -> None:
    table = prepare(recorded(300), cheap="cheap", strong="strong", prices=PRICES)

    played = play(table, per_class=None, seed=1, rules=RULES)

    assert taught_by_all(table) is None
    assert played.kept.tickets == pytest.approx(90, abs=3)
    assert played.figures[Strategy.LOCAL].accuracy > 0.6


def test_a_sample_has_so_many_of_each_label(table: Table) -> None:
    rows = sample(table, table.pool, per_class=7, rng=np.random.default_rng(1))

    assert np.bincount(table.codes[rows]).tolist() == [7] * 4
    assert set(rows) <= set(table.pool)


def test_the_whole_pool_gives_the_same_as_all_labels(table: Table) -> None:
    known = play(table, per_class=None, seed=2, rules=RULES, local=taught_by_all(table))

    assert known == play(table, per_class=None, seed=2, rules=RULES)


def test_recorded_costs_go_before_prices() -> None:
    given = recorded(60)
    said = Answers(given.models["strong"].labels, costs_usd=(0.002,) * 60)
    models = {**given.models, "strong": said}

    costs = prepare(
        replace(given, models=models), cheap="cheap", strong="strong", prices=PRICES
    ).costs

    assert costs[1] == pytest.approx(2_000_000)
    assert (costs[0] < 100_000).all()


def test_a_model_that_was_not_recorded_is_named() -> None:
    with pytest.raises(InvalidInput, match="“large” was not recorded; there are cheap, strong"):
        prepare(recorded(20), cheap="cheap", strong="large", prices=PRICES)


def test_a_broken_promise_is_counted(table: Table) -> None:
    played = [play(table, per_class=20, seed=seed, rules=RULES) for seed in range(3)]
    spoilt = [replace(p, kept=replace(p.kept, answered=100, errors=6)) for p in played[:1]]

    found = promised([*spoilt, *played[1:]], rules=RULES)

    assert found.highest_error == 0.06
    assert found.broken >= 1 / 3
    assert found.surely_broken == 0  # 6 of 100 may be chance
    assert sum(found.stages) == pytest.approx(1)


def test_the_tables_are_marked_and_say_what_held(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = recorded(200)
    rows = zip(
        given.tickets.texts,
        given.tickets.labels,
        given.models["cheap"].labels,
        given.models["strong"].labels,
        strict=True,
    )
    lines = ["text,label,cheap,strong", *(",".join(row) for row in rows)]
    (tmp_path / "answers.csv").write_text("\n".join(lines))

    options = "--cheap cheap --strong strong --splits 2 --labels 5 20 --jobs 1"
    held = replay.main(["--table", str(tmp_path / "answers.csv"), *options.split()])

    said = capsys.readouterr().out
    assert said.startswith("REPLAYED: cheap (cheap, at the price of Haiku 5.5)")
    assert "answers.csv " in said
    assert said.count("\n| any | ") == 3
    assert said.count("\n| 20 | cascade | ") == 1
    assert held == ("BROKE" not in said and "DID NOT HOLD" not in said)


def test_without_the_data_there_is_nothing_to_break(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert replay.main(["--data", str(tmp_path)])

    assert "is not there: nothing to show" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options", [["--splits", "0"], ["--labels", "none"], ["--table", "gone.csv"]]
)
def test_options_that_make_no_sense_are_refused(options: list[str]) -> None:
    with pytest.raises(SystemExit):
        replay.main(options)


@pytest.mark.skipif(not (FOLDER / OCATS).is_dir(), reason=f"{FOLDER / OCATS} is not there")
def test_the_published_answers_are_as_good_as_was_published() -> None:
    given = read_ocats(FOLDER / OCATS)

    right = {
        name: sum(map(str.__eq__, answers.labels, given.tickets.labels)) / 3_080
        for name, answers in given.models.items()
    }
    assert right == pytest.approx({"gpt-3.5": 0.752, "gpt-4": 0.8305}, abs=0.0005)


def _noting(seen: list[Any], choose: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **kwargs: Any) -> Any:
        seen.append(choose(*args, **kwargs))
        return seen[-1]

    return noted
