"""Changes as events have them become words."""

from typing import Any

import pytest

from triage.selectors.activity_words import Names, change_in_words, correction_in_words

NAMES = Names(
    {("label", "refund"): "Refund", ("team_id", "3"): "Billing", ("assignee_id", "7"): "Bo"}
)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": ["open", "solved"]}, "changed status from Open to Solved"),
        ({"priority": ["", "high"]}, "set priority High"),
        ({"priority": ["high", ""]}, "took priority High away"),
        ({"team_id": [None, 3]}, "set team Billing"),
        ({"assignee_id": [None, 7]}, "assigned it to Bo"),
        ({"assignee_id": [7, None]}, "took Bo off it"),
        ({"subject": ["a", "b"]}, "changed the subject"),
        ({"custom_fields": [{}, {"a": 1}]}, "changed custom fields"),
        (
            {"status": ["new", "open"], "tags": [[], ["x"]]},
            "changed status from New to Open and changed the tags",
        ),
        ({"label": ["refund", None]}, "took label Refund away"),
        ({"label": ["gone", "refund"]}, "changed label from one that is gone to Refund"),
        ({"mood": ["a", "b"]}, "changed mood"),
    ],
)
def test_a_change_is_said_in_words(changes: dict[str, Any], words: str) -> None:
    assert change_in_words(changes, NAMES) == words


def test_a_label_that_stays_is_confirmed() -> None:
    assert correction_in_words({"label": ["refund", "refund"]}, NAMES) == "confirmed label Refund"
