"""Which digits are a phone number: the leniency and what is given back, proven case by case."""

import pytest

from tests.unit.masking.builders import found

REGIONS = ["US", "GB", "DE", "FR", "ES", "PL"]
INTERNATIONAL = [
    "+1 212 555 1234",
    "+1 (650) 253-0000",
    "+16502530000",
    "+442083661177",
    "(+44) 20 8366 1177",
    "+49 171 2345678",
    "+49 30/901820",
    "+33 6 12 34 56 78",
    "+48 22 123 45 67",
    "0044 20 8366 1177",
    "+٤٤٢٠٨٣٦٦١١٧٧",
    "＋４４２０８３６６１１７７",
]
NATIONAL = [
    ("US", "(212) 555-0123"),
    ("US", "212-555-0199"),
    ("US", "650.253.0000"),
    ("US", "6502530000"),
    ("US", "1-800-356-9377"),
    ("US", "650 253 0000 ext. 12"),
    ("US", "011 44 20 8366 1177"),
    ("US", "６５０ ２５３ ００００"),
    ("DE", "030 901820"),
    ("DE", "0171 2345678"),
    ("DE", "0171/23 45 678"),
    ("DE", "(030) 90 18 20"),
    ("GB", "020 8366 1177"),
    ("GB", "07400 123456"),
    ("FR", "06 12 34 56 78"),
    ("FR", "01.42.68.53.00"),
    ("ES", "612 34 56 78"),
    ("ES", "612345678"),
    ("PL", "601 234 567"),
]
OTHERS = [
    "Order 4471",
    "my order number is 2125551234",
    "order: 2024118812",
    "Order No. 601234567",
    "order 112-4567890-1234567",
    "ORD-2024-118812",
    "#1000234567",
    "invoice 650253 0000",
    "Bestellung 0301234567",
    "SKU 6502-530000",
    "serial 0301234567",
    "lot 601234567",
    "case 00123456",
    "customer number 6502530000",
    "tracking 1Z999AA10123456784",
    "tracking 00340434161094021501",
    "ISBN 978-3-16-148410-0",
    "2024-11-05",
    "05.11.2024",
    "05/11/2024",
    "11/05/2024 14:30",
    "2024-11-05 12:30:15",
    "2024-11-05T12:30:15Z",
    "01.02.2024 10:30",
    "5.11.2024 10:30",
    "01.02.2024 - 05.02.2024",
    "20241105 1230",
    "3-5 days, 2020-2024",
    "from 09:00 to 17:00 on 12.12.",
    "$1,234,567.89",
    "1 234 567,89 EUR",
    "612 345 678 zł",
    "EUR 612 345 678",
    "€ 1 234 567 890",
    "1.000.000.000",
    "v2.10.4471.23",
    "192.168.100.200",
    "10.0.0.12:8080",
    "1700000000",
    "1 2 3 4 5 6 7 8 9 10 11 12",
]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("number", INTERNATIONAL)
def test_a_number_with_a_country_code_is_found_everywhere(number: str, region: str) -> None:
    assert found(f"Call {number}, please.", region) == [("PHONE", number)]


@pytest.mark.parametrize(("region", "number"), NATIONAL)
def test_a_number_without_one_is_read_by_the_region(region: str, number: str) -> None:
    assert found(f"Call {number}, please.", region) == [("PHONE", number)]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("text", OTHERS)
def test_order_numbers_dates_and_amounts_stay(text: str, region: str) -> None:
    assert found(f"It says: {text}, I think.", region) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("650 253 0000 24 hours a day", "650 253 0000"),
        ("order 4471 650 253 0000", "650 253 0000"),
        ("+1 650 253 0000 4471", "+1 650 253 0000"),
        ("12.12.2024 650 253 0000", "650 253 0000"),
        ("+49 171 2345678 9-17 Uhr", "+49 171 2345678"),
    ],
)
def test_a_number_beside_other_digits_is_found(text: str, number: str) -> None:
    assert found(text) == [("PHONE", number)]


def test_a_country_code_counts_whatever_the_words_before_it_say() -> None:
    assert found("Order 4471: +1 650 253 0000") == [("PHONE", "+1 650 253 0000")]
    assert found("my reference is +1 650 253 0000") == [("PHONE", "+1 650 253 0000")]
