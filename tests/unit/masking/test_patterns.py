"""The installation's patterns: what may be one, and that a bad one stops nothing."""

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from tests.unit.masking.builders import a_request
from triage.exceptions import InvalidInput
from triage.models import MaskingPattern
from triage.services import masking


@pytest.mark.parametrize("pattern", [r"M-\d{6}", "(?i)kettle", "[A-Z]{2}[0-9]{7}", r"\bX\d\b"])
def test_what_re2_reads_is_a_pattern(pattern: str) -> None:
    masking.check_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "missing )"),
        ("*", "no argument"),
        ("(?<!x)y", "invalid perl operator"),
        (r"(a)\1", "invalid escape"),
        ("((a{100}){100}){100}", "invalid repetition"),
        ("a*", "empty text"),
        ("|b", "empty text"),
    ],
)
def test_what_it_cannot_read_or_what_stands_everywhere_is_refused(
    pattern: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        masking.check_pattern(pattern)

    assert refused.value.field == "pattern"
    assert said in refused.value.message
    assert capfd.readouterr().err == ""


@pytest.fixture
def unread() -> None:
    """As in a process that has just begun."""
    masking.forget()


@pytest.mark.usefixtures("db", "unread")
def test_patterns_are_read_once_in_a_while(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    MaskingPattern.objects.create(name="CUSTOMER", pattern=r"C\d{4}")

    with django_assert_num_queries(1):
        first, second = (masking.mask(a_request(text)) for text in ("C1234", "C1234 C5678"))

    assert first.request.content == ("[CUSTOMER_1]",)
    assert second.request.content == ("[CUSTOMER_1] [CUSTOMER_2]",)


@pytest.mark.usefixtures("db", "unread")
def test_what_is_switched_off_or_bad_is_left_out_and_stops_nothing() -> None:
    MaskingPattern.objects.create(name="ANY", pattern="kettle", is_active=False)
    MaskingPattern.objects.create(name="BAD", pattern="(")
    MaskingPattern.objects.create(name="CUSTOMER", pattern=r"C\d{4}")

    masked = masking.mask(a_request("My kettle ( C1234"))

    assert masked.request.content == ("My kettle ( [CUSTOMER_1]",)


@pytest.mark.usefixtures("db", "unread")
def test_without_the_switch_nothing_is_read(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.TRIAGE_MASKING = False

    with django_assert_num_queries(0):
        masking.mask(a_request("maria@example.com"))
