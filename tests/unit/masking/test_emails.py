"""What is an e-mail address in a customer's text, and what only looks like one."""

import pytest

from tests.unit.masking.builders import found

ADDRESSES = [
    "maria@example.com",
    "Maria.Keller+kettle@mail.example.co.uk",
    "m@example.com",
    "müller@bücher.example",
    "мария@пример.рф",
    "maria@xn--bcher-kva.example",
    "maria@intranet.local",
    "maria@shop.test",
    "bounce+maria=example.com@lists.example.org",
    "o'brien@example.com",
    '"maria keller"@example.com',
    "maria..k.@docomo.ne.jp",
    "maria＠example.com",
    "ma\u200bria@example.com",
    "maria%40example.com",
    "maria&#64;example.com",
    "AT&amp;T@example.com",
]
AROUND = [
    "{}",
    "Write to {}.",
    "<{}>",
    "({})",
    "mailto:{}",
    "{}, please",
    "&lt;{}&gt;",
    "\n{}\n",
    "[{}]",
    "*{}*",
    "'{}'",
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_found_as_it_is_written_and_nothing_around_it(
    address: str, around: str
) -> None:
    assert found(around.format(address)) == [("EMAIL", address)]


@pytest.mark.parametrize(
    "text",
    [
        "2 kettles @ 5.00",
        "5.00@2.00",
        "@maria",
        "maria@",
        "maria@localhost",
        "maria @ example.com",
        "a@b",
        "https://example.com/maria",
        "maria.keller",
        "M@-.com",
    ],
)
def test_what_is_no_address_stays(text: str) -> None:
    assert found(text) == []


def test_an_address_in_a_link_is_found() -> None:
    text = "https://example.com/unsubscribe?id=7&email=maria@example.com&x=1"

    assert "maria@example.com" in found(text)[0][1]
    assert not found(text)[0][1].startswith("http")
