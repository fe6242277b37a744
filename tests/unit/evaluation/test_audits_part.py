"""`python -m eval audits`: it tells apart what is wrong and what is not, and says so. Small, seeds fixed."""

import numpy as np
import pytest

from eval.audits import SHARES, first_alarm, main


def test_a_bad_group_is_named_by_its_own_watch_or_the_one_over_all() -> None:
    wrong = dict.fromkeys(SHARES, 0.0) | {"hard": 0.3}

    name, number = first_alarm(wrong, np.random.default_rng(1), most=5_000)

    assert name in ("hard", "all")
    assert number < 1_000


def test_where_nothing_is_wrong_no_watch_says_so() -> None:
    right = dict.fromkeys(SHARES, 0.0)

    assert first_alarm(right, np.random.default_rng(1), most=2_000) == ("", 2_000)


def test_the_tables_say_whether_the_promise_held(capsys: pytest.CaptureFixture[str]) -> None:
    held = main(["--runs", "10"])

    said = capsys.readouterr().out
    assert held
    assert said.startswith("MEASURED: 10 runs")
    assert "| all answers | 2 of 2 |" in said
    assert said.rstrip().endswith("held")


def test_a_run_must_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--runs", "0"])
