"""Import files row by row, without a database."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.exceptions import InvalidInput
from triage.services.intake import NewTicket, rows
from triage.services.intake.files import BadLine, Line, read

Lines = list[Line | BadLine]


def read_all(content: str | bytes, *, skip_lines: int = 0) -> Lines:
    raw = content.encode() if isinstance(content, str) else content
    return list(read(BytesIO(raw), source="shop", skip_lines=skip_lines))


def only(content: str | bytes) -> Line:
    (line,) = read_all(content)
    assert isinstance(line, Line), line
    return line


def only_bad(content: str | bytes) -> BadLine:
    (line,) = read_all(content)
    assert isinstance(line, BadLine), line
    return line


def row(**values: Any) -> NewTicket:
    return line_of(**values).ticket


def line_of(**values: Any) -> Line:
    return only(json.dumps({"description": "text", **values}))


def outline(lines: Lines) -> list[tuple[int, str]]:
    """`(line number, description or "refused: reason")`."""
    return [
        (
            line.number,
            line.ticket.description if isinstance(line, Line) else f"refused: {line.reason}",
        )
        for line in lines
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_with_any_usual_delimiter_mark_and_line_end(
    delimiter: str, start: str, end: str
) -> None:
    header, values = ["external_id", "Description", "label"], ["7", "My card", "Lost?"]

    line = only(start + "".join(f"{delimiter.join(cells)}{end}" for cells in (header, values)))

    assert (line.ticket.external_id, line.ticket.description) == ("7", "My card")
    assert line.ticket.known_label == "Lost?"


def test_a_quoted_field_may_hold_newlines_delimiters_and_quotes() -> None:
    content = 'description,label\n"one, ""two""\nthree",refund\nfour,login\n'

    assert outline(read_all(content)) == [(3, 'one, "two"\nthree'), (4, "four")]


def test_jsonl_is_read_with_a_byte_order_mark_and_blank_lines_between() -> None:
    content = '\ufeff{"description": "one"}\n\n  \n{"description": "two"}'

    assert outline(read_all(content)) == [(1, "one"), (4, "two")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no rows"),
        (b"\n\n", "has no rows"),
        (b"external_id,description\n", "has no rows"),
        (b"id,text\n1,hello\n", "has no column `description`; its columns are id, text"),
        (b"description,label,Label\na,b,c\n", "has the column `label` twice"),
        ("description\nhello\n".encode("utf-16"), "is UTF-16 or not a text at all; save it as"),
        ("description\nhello\n".encode("utf-16-le"), "is UTF-16 or not a text at all"),
        (b"PK\x03\x04\x14\0\x06\0", "is UTF-16 or not a text at all"),
        (b'[{"description": "a"}]', "is one JSON array; write one object a line"),
        (b'[\n{"description": "a"}\n]', "is one JSON array; write one object a line"),
        (b"description,label\rhello,refund\r", "begins with a line that is not CSV"),
        (b'"description\nhello\n', "begins with a line that is not CSV"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole_in_words(
    content: bytes, message: str
) -> None:
    with pytest.raises(InvalidInput, match=f"file: {message}"):
        read_all(content)


GOOD = '{"description": "good"}'


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{broken", "not JSON: Expecting property name"),
        (b"[1, 2]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b'{"description": "gr\xfc\xdfe"}', "not UTF-8: byte 0xfc at 20"),
        (b'{"description": ' + b"[" * 100_000, "nested too deeply"),
        (
            b'{"description": "a", "x": ' + b"[" * 60 + b"]" * 60 + b"}",
            "custom_fields: nested more",
        ),
        (
            b'{"description": "a", "x": [' + b"[]," * 200_000 + b"[]]}",
            "not JSON: it has more than 200,000 brackets",
        ),
        (b'{"description": "a", "x": ' + b"9" * 5_000 + b"}", "not JSON: Exceeds the limit"),
        (b"{}", "description: is missing or empty"),
        (b'{"description": " \\u0000 "}', "description: is missing or empty"),
        (b'{"description": NaN}', "description: is missing or empty"),
        (b'{"description": ["a"]}', "description: must be a text"),
        (b'{"description": true}', "description: must be a text"),
    ],
)
def test_a_bad_jsonl_line_is_refused_with_number_and_reason_and_no_other_is_lost(
    bad: bytes, reason: str
) -> None:
    lines = read_all(b"\n".join([GOOD.encode(), bad, GOOD.encode()]))

    assert [line.number for line in lines] == [1, 2, 3]
    assert isinstance(lines[1], BadLine)
    assert lines[1].reason.startswith(reason)
    assert isinstance(lines[0], Line)
    assert isinstance(lines[2], Line)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"1,gr\xfc\xdfe,b", "description: not UTF-8; save the file as UTF-8"),
        (b"1,a,b,c", "has 4 fields, the header has 3"),
        (b"1", "description: is missing or empty"),
        (b'1,"5" screen",b', "not CSV: ',' expected after '\"'"),
        (b'1,"never closed,b', "a quote is opened here and not closed, or closed within a text"),
    ],
)
def test_a_bad_csv_row_is_refused_with_number_and_reason_and_no_other_is_lost(
    bad: bytes, reason: str
) -> None:
    lines = read_all(b"\n".join([b"external_id,description,label", b"0,good,", bad, b"2,fine,b"]))

    assert outline(lines) == [(2, "good"), (3, f"refused: {reason}"), (4, "fine")]


def test_an_unclosed_quote_before_quoted_rows_costs_its_own_row_alone() -> None:
    content = 'external_id,description\n1,"open\n2,"two"\n3,"three\nlines"\n4,four\n'

    lines = read_all(content)

    assert [line.number for line in lines] == [2, 3, 5, 6]
    assert [isinstance(line, Line) for line in lines] == [False, True, True, True]


@pytest.mark.parametrize(
    "content",
    [
        "description,x\nGOOD,y\nLONG,y\nGOOD,y\n",
        '{"description":"GOOD"}\n"LONG"\n{"description":"GOOD"}\n',
    ],
    ids=["csv", "jsonl"],
)
def test_a_line_too_long_is_refused_and_the_next_is_read(
    content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "LINE_MAX_BYTES", 100)

    lines = read_all(content.replace("LONG", "x" * 1_000))

    assert [isinstance(line, Line) for line in lines] == [True, False, True]
    assert "the line is longer than 100 bytes" in str(lines[1])


def test_hostile_quotes_cannot_fill_the_memory_or_take_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "ROW_MAX_CHARACTERS", 2_000)
    monkeypatch.setattr(rows, "REREAD_MAX_CHARACTERS", 20_000)

    lines = read_all('description,label\n"a\n' + 'x","y\n' * 5_000)

    assert 10 < len(lines) < 50
    assert all(isinstance(line, BadLine) for line in lines)
    assert "hang on a quote that is not closed" in str(lines)


def test_reading_goes_on_after_the_lines_that_are_skipped() -> None:
    jsonl = "\n".join(f'{{"description": "{n}"}}' for n in range(1, 6))
    csv = 'description\n1\n"2\n2"\n3\n'

    assert outline(read_all(jsonl, skip_lines=3)) == [(4, "4"), (5, "5")]
    assert outline(read_all(csv, skip_lines=4)) == [(5, "3")]
    assert read_all(csv, skip_lines=5) == []


def test_unknown_columns_are_custom_fields_by_their_names() -> None:
    line = only("description,Impact,,Empty\ntext,4,x,\n")

    assert line.ticket.custom_fields == {"Impact": "4", "column 3": "x"}
    assert line.unmapped == 0


@pytest.mark.parametrize(
    ("column", "value", "kept"),
    [
        ("priority", 2, 2),
        ("priority", "P1", "P1"),
        ("priority", ["high"], ["high"]),
        ("priority", float("inf"), "inf"),
        ("created_at", "yesterday", "yesterday"),
        ("created_at", "0001-01-01", "0001-01-01"),
        ("created_at", "9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59-12:00"),
        ("created_at", 1_700_000_000, 1_700_000_000),
        ("requester_email", "not an address", "not an address"),
        ("requester_email", {"a": 1}, {"a": 1}),
        ("requester_name", "x" * 201, "x" * 201),
        ("subject", ["a"], ["a"]),
        ("label", {"a": 1}, {"a": 1}),
        ("label", "x" * 201, "x" * 201),
        ("split", "x" * 21, "x" * 21),
        ("external_id", [7], [7]),
        ("external_id", "x" * 201, "x" * 201),
        ("tags", {"a": 1}, {"a": 1}),
        ("tags", ["a", ["b"]], ["a", ["b"]]),
        ("tags", "a," + "x" * 61, "a," + "x" * 61),
        ("tags", True, True),
    ],
)
def test_a_value_we_cannot_map_is_kept_as_a_custom_field_and_counted(
    column: str, value: object, kept: object
) -> None:
    line = line_of(**{column: value})

    assert line.ticket.custom_fields == {column: kept}
    assert line.unmapped == 1


@pytest.mark.parametrize("nothing", [None, "", float("nan")])
def test_nothing_is_nothing_in_every_optional_column(nothing: object) -> None:
    line = line_of(**dict.fromkeys(rows.COLUMNS - {"description"}, nothing))

    assert line.unmapped == 0
    assert (line.ticket.priority, line.ticket.created_at, line.ticket.tags) == ("", None, ())
    assert line.ticket.custom_fields == {}


@pytest.mark.parametrize(
    ("value", "priority"), [("High", "high"), (" urgent ", "urgent"), ("medium", "normal")]
)
def test_priorities_are_known_by_the_names_people_use(value: str, priority: str) -> None:
    assert row(priority=value).priority == priority


@pytest.mark.parametrize(
    "value", ["2024-02-29T12:00:00", "2024-02-29 12:00:00Z", "2024-02-29T14:00:00+02:00"]
)
def test_times_are_iso_8601_and_without_a_zone_utc(value: str) -> None:
    assert row(created_at=value).created_at == datetime(2024, 2, 29, 12, tzinfo=UTC)


def test_tags_come_as_a_list_or_with_commas_and_each_once() -> None:
    assert row(tags="a, b,,a").tags == row(tags=["a", " b ", "", "a"]).tags == ("a", "b")


def test_a_label_is_kept_as_it_came() -> None:
    assert row(label="Reverted_card_payment?").known_label == "Reverted_card_payment?"
    assert row(label=11).known_label == "11"


def test_a_row_without_an_id_is_known_by_its_content() -> None:
    same = {row(subject="a").external_id, row(subject="a").external_id}

    assert len(same) == 1
    assert row(subject="b").external_id not in same


cell = st.text(alphabet=st.sampled_from('a,;\t"\n\r\0é\ud800 1{['), max_size=8)


@given(st.lists(cell, max_size=30).map("".join))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    for start in ("description,label\n", '{"description": "a"}\n'):
        lines = read_all(start.encode() + text.encode("utf-8", "surrogatepass") + b"\nlast,line\n")

        numbers = [line.number for line in lines]
        assert numbers == sorted(set(numbers))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(content: bytes) -> None:
    with suppress(InvalidInput):
        read_all(content)
