"""Two answers made one: by Bayes' rule with one parameter, fitted on judged tickets."""

import numpy as np
import pytest

from triage.exceptions import InvalidInput
from triage.services.local.fusion import fit_trust, fuse

LOCAL = np.array([[0.5, 0.3, 0.2]])


def test_an_answer_counts_as_much_as_it_is_trusted() -> None:
    fused = fuse(LOCAL, np.array([1]), trust=0.8)

    # 0.5 · 0.1, 0.3 · 0.8, 0.2 · 0.1 = 0.05, 0.24, 0.02, of 0.31
    assert fused[0] == pytest.approx([0.05 / 0.31, 0.24 / 0.31, 0.02 / 0.31])


def test_an_answer_that_is_none_of_the_labels_changes_nothing() -> None:
    assert fuse(LOCAL, np.array([-1]), trust=0.8) == pytest.approx(LOCAL)


def test_a_model_that_guesses_changes_nothing() -> None:
    assert fuse(LOCAL, np.array([2]), trust=1 / 3) == pytest.approx(LOCAL)


def test_trust_is_how_often_a_model_is_right_where_the_local_one_knows_nothing() -> None:
    rng = np.random.default_rng(1)
    truths = rng.integers(0, 4, 2_000)
    said = np.where(rng.random(2_000) < 0.7, truths, (truths + rng.integers(1, 4, 2_000)) % 4)

    trust = fit_trust(np.full((2_000, 4), 0.25), said, truths)

    assert trust == pytest.approx((said == truths).mean(), abs=0.005)


def test_a_model_that_repeats_the_mistakes_of_the_local_one_is_trusted_less() -> None:
    truths = np.zeros(1_000, dtype=np.int64)
    said = (np.arange(1_000) % 5 == 0).astype(np.int64)  # right on 4 of 5
    fooled = np.where(said[:, None] == 1, [[0.1, 0.8, 0.1]], [[0.8, 0.1, 0.1]])

    assert (
        fit_trust(fooled, said, truths) < 0.7 < fit_trust(np.full((1_000, 3), 1 / 3), said, truths)
    )


def test_tickets_without_an_answer_or_a_known_label_do_not_count() -> None:
    truths, said = np.array([0, 1, 0, -1]), np.array([0, 1, -1, 2])

    trust = fit_trust(np.full((4, 3), 1 / 3), said, truths)

    assert trust == pytest.approx(0.999, abs=0.001)


def test_bad_input_is_named() -> None:
    with pytest.raises(InvalidInput, match="answers: there are 2, where 1 belong"):
        fuse(LOCAL, np.array([1, 1]), trust=0.8)
    with pytest.raises(InvalidInput, match=r"trust: 1 is not between 0 and 1"):
        fuse(LOCAL, np.array([1]), trust=1)
    with pytest.raises(InvalidInput, match="none has both"):
        fit_trust(LOCAL, np.array([-1]), np.array([0]))
