"""Card numbers and IBANs: the shape, and a checksum that holds."""

import pytest

from tests.unit.masking.builders import found

CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111\u00a01111\u00a01111\u00a01111",
    "5500 0000 0000 0004",
    "2223 0031 2200 3222",
    "3782 822463 10005",
    "378282246310005",
    "3056 930902 5904",
    "6011 1111 1111 1117",
    "４１１１ １１１１ １１１１ １１１１",
    "٤١١١ ١١١١ ١١١١ ١١١١",
]
IBANS = [
    "DE89370400440532013000",
    "DE89 3704 0044 0532 0130 00",
    "DE89-3704-0044-0532-0130-00",
    "de89 3704 0044 0532 0130 00",
    "GB82 WEST 1234 5698 7654 32",
    "NO93 8601 1117 947",
    "GR16 0110 1050 0000 1054 7023 795",
    "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
    "ＤＥ８９３７０４００４４０５３２０１３０００",
]


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize(
    "around", ["{}", "My card is {}.", "{} 12/26 123", "12 {}", "card:{}, exp. 12/26", "{} please"]
)
def test_a_card_number_is_found(card: str, around: str) -> None:
    assert found(around.format(card)) == [("CARD", card)]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "4111111111111112",
        "order 1234567812345670",
        "411111111111",
        "41111111111111111111",
        "20241105123015",
        "order 112-4567890-1234567",
    ],
)
def test_digits_whose_checksum_or_beginning_is_no_cards_stay(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("iban", IBANS)
@pytest.mark.parametrize("around", ["{}", "My IBAN is {} please", "IBAN:{}.", "IBAN{}", "({})"])
def test_an_iban_is_found_and_no_word_after_it(iban: str, around: str) -> None:
    assert found(around.format(iban)) == [("IBAN", iban)]


@pytest.mark.parametrize(
    "text",
    [
        "DE88370400440532013000",
        "DE8937040044053201300",
        "XX89370400440532013000",
        "REDE89370400440532013000",
    ],
)
def test_what_is_no_iban_stays(text: str) -> None:
    assert "IBAN" not in dict(found(text))
