"""Tickets that say the same, and parts that none of them is shared by."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.exceptions import InvalidInput
from triage.services.statistics import duplicates
from triage.services.statistics.duplicates import clusters, words
from triage.services.statistics.splits import Part, deal, split

TEXTS = st.lists(st.lists(st.sampled_from("abcdefg")).map(" ".join), min_size=1, max_size=25)
ORDERS = [
    "My order 1881 has not arrived",
    "my order #1882 has not arrived!!",
    "I cannot log in since yesterday",
    "Please close my account",
    "My order 1881 has still not arrived",
]


def test_numbers_case_and_marks_do_not_make_another_ticket_nor_does_one_word() -> None:
    assert clusters(ORDERS, alike=0.8) == ((0, 1, 4), (2,), (3,))


def test_one_word_of_three_makes_another_ticket() -> None:
    assert clusters(["close my account", "open my account"]) == ((0,), (1,))


def test_texts_without_a_word_are_alike_only_if_equal() -> None:
    assert clusters(["", "42", "42 ", "?!", ""]) == ((0, 4), (1, 2), (3,))


def test_other_scripts_have_words() -> None:
    assert clusters(["Где мой заказ 5?", "где мой заказ", "我的订单在哪里", "我的訂單"]) == (
        (0, 1),
        (2,),
        (3,),
    )


@given(TEXTS, st.sampled_from([0.5, 0.8, 1.0]), st.sampled_from([1, 40, 4_000_000]))
def test_every_pair_that_is_alike_is_in_one_cluster(
    texts: list[str], alike: float, at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "AT_ONCE", at_once)
        found = clusters(texts, alike=alike)

    assert sorted(place for group in found for place in group) == list(range(len(texts)))
    assert sorted(found) == sorted(by_hand(texts, alike))


def by_hand(texts: list[str], alike: float) -> list[tuple[int, ...]]:
    """The clusters by comparing all pairs and joining until nothing changes."""
    sets = [set(words(text)) for text in texts]
    groups = [{place} for place in range(len(texts))]
    for one, other in combinations(range(len(texts)), 2):
        union = sets[one] | sets[other]
        if not union or len(sets[one] & sets[other]) >= alike * len(union):
            mine = next(group for group in groups if one in group)
            theirs = next(group for group in groups if other in group)
            if mine is not theirs:
                groups.remove(theirs)
                mine |= theirs
    return [tuple(sorted(group)) for group in groups]


@given(TEXTS, st.integers(0, 5))
def test_each_ticket_is_in_one_part_and_a_cluster_in_one_alone(texts: list[str], seed: int) -> None:
    groups = clusters(texts)
    if len(groups) < 3:
        return

    found = split(texts, seed=seed)

    assert sorted(place for part in found.values() for place in part) == list(range(len(texts)))
    assert all(found.values())
    for group in groups:
        assert sum(not set(group).isdisjoint(part) for part in found.values()) == 1


def test_parts_have_about_their_share() -> None:
    alone = [(place,) for place in range(1_000)]

    found = deal(alone, seed=1)

    assert {part: len(places) for part, places in found.items()} == {
        Part.CALIBRATE: 200,
        Part.CHOOSE: 500,
        Part.REPORT: 300,
    }


def test_the_same_seed_splits_the_same_way_and_another_does_not() -> None:
    alone = [(place,) for place in range(100)]

    assert deal(alone, seed=1) == deal(alone, seed=1) != deal(alone, seed=2)


def test_a_part_for_training_is_one_more() -> None:
    found = split(ORDERS, seed=1, shares={Part.TRAIN: 3, Part.REPORT: 1})

    assert set(found) == {Part.TRAIN, Part.REPORT}
    assert all(found.values())


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        ([], "texts: there are none"),
        (["one", "two"], "texts: 2 different ones cannot fill 3 parts"),
        (["the same"] * 50, "texts: 1 different ones cannot fill 3 parts"),
    ],
)
def test_too_few_different_texts_are_named(texts: list[str], problem: str) -> None:
    with pytest.raises(InvalidInput, match=problem):
        split(texts, seed=1)


def test_a_share_of_nothing_is_named() -> None:
    with pytest.raises(InvalidInput, match="shares: each part needs one above 0"):
        split(ORDERS, seed=1, shares={Part.CHOOSE: 1, Part.REPORT: 0})
