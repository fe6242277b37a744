"""Where a reply goes on that had broken off: no word twice, none cut in two, none run into the next."""

import pytest

from triage.services.drafts.joining import Joint


def joined(before: str, *pieces: str) -> str:
    joint = Joint(before)
    return before + "".join(joint.add(piece) for piece in pieces)


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("I am sor", "sorry for it.", "I am sorry for it."),
        ("I am sorry", "sorry for it.", "I am sorry for it."),
        ("I am sorry ", "sorry for it.", "I am sorry for it."),
        ("Hello Maria,\n\n", "Maria,\n\nI am sorry.", "Hello Maria,\n\nI am sorry."),
        ("Hello Maria,", "Maria,\n\nI am sorry.", "Hello Maria,\n\nI am sorry."),
        ("I am sorry", "for it.", "I am sorry for it."),
        ("I am sorry", " for it.", "I am sorry for it."),
        ("I am sorry", "\n\nBye", "I am sorry\n\nBye"),
        ("I am sorry", ", really.", "I am sorry, really."),
        ("I am sorry ", " for it.", "I am sorry for it."),
        ("It is done.", "done. We wait.", "It is done. We wait."),
        ("", "Hello", "Hello"),
    ],
)
def test_both_parts_join_however_the_second_is_cut(before: str, after: str, whole: str) -> None:
    for cut in range(len(after) + 1):
        assert joined(before, after[:cut], after[cut:]) == whole, cut
    assert joined(before, *after) == whole


def test_after_the_joint_everything_passes_as_it_comes() -> None:
    joint = Joint("I am sorry")

    pieces = [joint.add(piece) for piece in ("sor", "ry", " for", " it")]

    assert pieces == ["", "", " for", " it"]


def test_what_ends_within_the_repeated_word_adds_nothing() -> None:
    assert joined("I am sorry", "sor") == "I am sorry"
