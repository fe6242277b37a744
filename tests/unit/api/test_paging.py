"""Cursors: what a page gives leads on, anything else is refused by name."""

import base64
import json
from contextlib import suppress
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from triage.api.paging import AFTER, _decode, _encode, moment, number

READERS = [moment, number]


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 2**63 - 1))
def test_a_cursor_leads_back_to_its_row(at: Any, row_id: int) -> None:
    assert _decode(_encode([at.isoformat(), row_id]), READERS) == [at, row_id]


@given(st.text(max_size=60))
def test_no_text_is_taken_for_a_cursor_that_is_none(text: str) -> None:
    with suppress(ValidationError):
        assert len(_decode(text, READERS)) == 2


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["2026-11-21T00:00:00+00:00"],
        ["2026-11-21T00:00:00", 1],
        ["2026-11-21T00:00:00+00:00", -1],
        ["2026-11-21T00:00:00+00:00", 2**63],
        ["2026-11-21T00:00:00+00:00", True],
        [7, 7],
        {"a": 1, "b": 2},
        None,
    ],
)
def test_a_cursor_of_another_make_is_refused(values: object) -> None:
    text = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()

    with pytest.raises(ValidationError) as caught:
        _decode(text, READERS)

    assert list(caught.value.detail) == [AFTER]
