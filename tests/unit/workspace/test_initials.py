"""One or two letters stand for a person."""

import pytest

from triage.services.presence import initials_of


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Jo Diaz", "JD"),
        ("jo anne diaz", "JD"),
        ("Alice", "A"),
        ("alice@example.com", "A"),
        ("Élodie Ünal", "ÉÜ"),
        ("", "?"),
        ("@", "?"),
    ],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, initials: str) -> None:
    assert initials_of(name) == initials
