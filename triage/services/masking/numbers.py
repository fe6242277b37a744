"""Where payment card numbers and IBANs stand: the right shape, and a checksum that holds."""

import re
from collections.abc import Iterator

from stdnum import iban, luhn

from triage.services.masking.reading import Span

SEPARATOR = r"[ .\-\u2010-\u2015]"
NO_ALNUM_BEFORE = r"(?<![A-Za-z0-9])"
# Unbroken, or four digits and then groups of three to six, as cards are printed: dates, amounts and order numbers are not.
CARD_START = re.compile(
    rf"(?<![0-9])(?=([0-9]{{13,19}}(?![0-9])|[0-9]{{4}}(?:{SEPARATOR}[0-9]{{3,6}}){{2,4}}(?![0-9])))"
)
GROUP = re.compile("[0-9]+")
# The first digits and lengths that card networks use (ISO/IEC 7812); other long numbers meet the checksum by chance.
CARD = re.compile("2[0-9]{15}|3[0-9]{13,18}|[4-6][0-9]{12,18}")
IBAN_START = re.compile(
    rf"(?:{NO_ALNUM_BEFORE}|(?<=IBAN))(?=([A-Z]{{2}}[0-9]{{2}}(?:{SEPARATOR}?[A-Z0-9]){{11,30}}))",
    re.IGNORECASE | re.ASCII,
)
IBAN_MIN_CHARACTERS = 15  # Norway's
WORD = re.compile("[A-Za-z0-9]+")


def cards(text: str) -> Iterator[Span]:
    """The spans of payment card numbers in `text`, whole groups of digits each."""
    for found in CARD_START.finditer(text):
        digits = ""
        for group in GROUP.finditer(text, *found.span(1)):
            digits += group[0]
            if CARD.fullmatch(digits) and luhn.is_valid(digits):
                yield found.start(), group.end()


def ibans(text: str) -> Iterator[Span]:
    """The spans of IBANs in `text`, with or without separators, ending where a group of characters ends."""
    for found in IBAN_START.finditer(text):
        start, end = found.span(1)
        for word in WORD.finditer(text, start, end):
            if _ends_word(text, word.end()) and _is_iban(text[start : word.end()]):
                yield start, word.end()


def _ends_word(text: str, end: int) -> bool:
    return not WORD.match(text, end)


def _is_iban(text: str) -> bool:
    is_long = sum(map(str.isalnum, text)) >= IBAN_MIN_CHARACTERS
    return is_long and iban.is_valid("".join(WORD.findall(text)), check_country=False)
