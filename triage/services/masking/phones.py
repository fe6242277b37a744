"""Where phone numbers stand, by each country's plan (`phonenumbers`).

A number with a country code is masked wherever it stands. One without is as many digits as an order number, so it stays
where the words before it say that it is something else, and where it is a date or an amount. Numbers of a town without its
code (555-0123) and numbers in words are not recognised.
"""

import re
from collections.abc import Iterator
from itertools import combinations

from phonenumbers import Leniency, PhoneNumberMatcher

from triage.services.masking.reading import Span

# STRICT_GROUPING would miss every third German number; what VALID takes too much, `_is_something_else` gives back.
LENIENCY = Leniency.VALID
FEWEST_CHARACTERS = 7
REGION_OF_00 = "GB"  # any region that dials 00 abroad: people everywhere write it so
DOUBLE_ZERO = re.compile(r"(?<![0-9])00 ?[1-9]")
# A number that other digits stand beside: the matcher takes all of them for one, and finds none.
CROWD = re.compile(
    r"(?<![0-9()./+-])[+(]{0,2}[0-9][0-9()./+-]*(?: {1,2}[+(]{0,2}[0-9][0-9()./+-]*){2,19}"
)
CROWD_TRIES = 1_000  # of all crowds of a text, about a fifth of a second
DIGITS_OF_A_NUMBER = range(8, 16)
TOKEN = re.compile(r"\S+")

NAMED_BEFORE = re.compile(
    r"(?:\b(?:order|ord|invoice|inv|ticket|case|reference|ref|tracking|parcel|shipment|booking|article|item|product|part"
    r"|sku|serial|lot|batch|version|receipt|id|isbn|ean|imei|vat|(?:account|customer|contract|transaction) (?:number|no)"
    r"|bestellung|bestellnummer|auftrag|auftragsnummer|rechnung|rechnungsnummer|kundennummer|sendung|artikel"
    r"|commande|facture|colis|pedido|factura|ordine|fattura|zam[oó]wienie|faktura)"
    r"(?:[\s:=._-]|number|num|no|nr|id|code|is|was|n[º°]|№|#){0,8}|[#№]\s?)$",
    re.IGNORECASE,
)
LOOK_BACK_CHARACTERS = 40
CURRENCY = r"€|\$|£|EUR|USD|GBP|CHF|PLN|SEK|NOK|DKK|CZK|JPY|zł|kr"
MONEY_BEFORE = re.compile(rf"(?:{CURRENCY})\s?$")
MONEY_AFTER = re.compile(rf"\s?(?:{CURRENCY})(?!\w)")
DATE_CHARACTERS = 12  # 31.12.2024 and what tells that it ends there
DATE = re.compile(
    r"(?<![0-9])(?<![0-9][./-])(?:"
    r"(?:0?[1-9]|[12][0-9]|3[01])[./-](?:0?[1-9]|[12][0-9]|3[01])[./-](?:19|20)?[0-9]{2}"
    r"|(?:19|20)[0-9]{2}[./-](?:0?[1-9]|1[0-2])[./-](?:0?[1-9]|[12][0-9]|3[01])"
    r")(?![0-9]|[./-][0-9])"
)


def spans(text: str, region: str) -> Iterator[Span]:
    """The spans of phone numbers in `text`; those without a country code are read as numbers of `region`."""
    found = [span for span in _matches(text, region) if not _is_something_else(text, span)]
    if DOUBLE_ZERO.search(text):
        abroad = _matches(text, REGION_OF_00)
        found += [span for span in abroad if text[slice(*span)].startswith(("00", "(00"))]
    yield from found
    yield from _in_crowds(text, region, found)


def _matches(text: str, region: str, leniency: int = LENIENCY) -> list[Span]:
    matcher = PhoneNumberMatcher(text, region, leniency, min_candidate_length=FEWEST_CHARACTERS)
    return [(match.start, match.end) for match in matcher]


def _is_something_else(text: str, span: Span) -> bool:
    start, end = span
    if _has_plus(text[start:end]):
        return False
    before = text[max(0, start - LOOK_BACK_CHARACTERS) : start]
    return bool(
        NAMED_BEFORE.search(before)
        or MONEY_BEFORE.search(before)
        or MONEY_AFTER.match(text, end)
        or _holds_date(text, span)
    )


def _holds_date(text: str, span: Span) -> bool:
    """Whether a date stands in it, or partly in it."""
    start, end = span
    near = DATE.finditer(text, max(0, start - DATE_CHARACTERS), end + DATE_CHARACTERS)
    return any(date.start() < end and start < date.end() for date in near)


def _has_plus(number: str) -> bool:
    return number.startswith(("+", "(+"))


def _in_crowds(text: str, region: str, found: list[Span]) -> Iterator[Span]:
    """Numbers between other digits: some of the tokens there that are one number, the longest first."""
    tries = CROWD_TRIES
    for crowd in CROWD.finditer(text):
        if any(start < crowd.end() and crowd.start() < end for start, end in found):
            continue
        for span in _windows(text, crowd.span()):
            tries -= 1
            if tries < 0:
                return
            if _is_whole_number(text, span, region):
                yield span


def _windows(text: str, crowd: Span) -> list[Span]:
    """Tokens that follow each other in `crowd`, where they hold as many digits as a phone number."""
    tokens = [token.span() for token in TOKEN.finditer(text, *crowd)]
    return [
        (start, end)
        for (start, _), (_, end) in combinations(tokens, 2)
        if sum(map(str.isdigit, text[start:end])) in DIGITS_OF_A_NUMBER
    ]


def _is_whole_number(text: str, span: Span, region: str) -> bool:
    """Written as its country writes it, where no plus tells where it begins."""
    start, end = span
    window = text[start:end]
    leniency = Leniency.VALID if _has_plus(window) else Leniency.STRICT_GROUPING
    is_number = _matches(window, region, leniency) == [(0, len(window))]
    return is_number and not _is_something_else(text, span)
