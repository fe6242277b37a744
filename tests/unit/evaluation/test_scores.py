"""Labels against known ones, by hand and by scikit-learn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from triage.exceptions import InvalidInput
from triage.selectors.intervals import Share
from triage.services.statistics.scores import (
    Judgement,
    LabelScore,
    by_label,
    confusion,
    score,
)

FOUR = (
    Judgement("refund", "refund"),
    Judgement("refund", "login", runner_up="refund"),
    Judgement("login", "login", is_automatic=False),
    Judgement("login", "", is_automatic=False),
)


def test_the_figures_of_four_tickets() -> None:
    found = score(FOUR)

    assert found.accuracy == Share(2, 4)
    assert found.top_2 == Share(3, 4)
    assert found.coverage == Share(2, 4)
    assert found.errors == Share(1, 2)
    # refund: 2 · 1 / (2 + 1) = 2/3; login: 2 · 1 / (2 + 2) = 1/2
    assert found.macro_f1 == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_each_label_has_a_row_also_one_that_no_ticket_has() -> None:
    found = by_label(FOUR, labels=["refund", "login", "delivery"])

    assert found == (
        LabelScore("login", known=2, chosen=2, right=1),
        LabelScore("refund", known=2, chosen=1, right=1),
        LabelScore("delivery", known=0, chosen=0, right=0),
    )
    assert (found[0].recall, found[0].precision) == (Share(1, 2), Share(1, 2))
    assert found[2].recall.value is None


def test_a_label_that_no_ticket_has_changes_no_mean() -> None:
    alone, beside = score(FOUR), score(FOUR, labels=["refund", "login", "delivery"])

    assert beside.macro_f1 == alone.macro_f1


def test_what_was_taken_for_what_is_counted() -> None:
    found = confusion(FOUR)

    assert found["refund", "login"] == 1
    assert found["login", ""] == 1
    assert found["login", "refund"] == 0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1))
def test_macro_f1_is_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    found = score([Judgement(truth, chosen) for truth, chosen in pairs]).macro_f1

    truths, answers = zip(*pairs, strict=True)
    assert found == pytest.approx(f1_score(truths, answers, average="macro", zero_division=0))


def test_one_label_alone_is_scored() -> None:
    found = score([Judgement("refund", "refund")] * 3)

    assert (found.accuracy, found.macro_f1) == (Share(3, 3), 1.0)


@pytest.mark.parametrize(
    ("judgements", "problem"),
    [
        ((), "there are none"),
        ((Judgement("", "refund"),), "number 1 has no known label"),
        ((*FOUR, Judgement("refund", "made-up")), "number 5 names “made-up”"),
        ((*FOUR, Judgement("made-up", "refund")), "number 5 names “made-up”"),
    ],
)
def test_what_cannot_be_scored_is_named(judgements: tuple[Judgement, ...], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        score(judgements, labels=["refund", "login"])
