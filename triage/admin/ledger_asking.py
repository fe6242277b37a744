"""What the address of the list of calls asks for: `?q=%231042`, `?from=2026-11-01&to=2026-11-07&feature=draft&above=0.05`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import QueryDict

from accounts.models import User
from triage.admin.money import MOST_USD
from triage.models import Batch, Certainty, Feature, Obtained
from triage.models.ledger import CallState
from triage.selectors.ledger import FINGERPRINT_INDEXED, CallSearch
from triage.selectors.reports.failures import CLASS_OF
from triage.services.gateway.catalog import CATALOG
from triage.types import NANOUSD_PER_USD

MAX_ID = 2**63 - 1
LONGEST_TEXT = 200
FINGERPRINT_CHARACTERS = 64
FINGERPRINT = re.compile(rf"[0-9a-f]{{{FINGERPRINT_INDEXED},{FINGERPRINT_CHARACTERS}}}")
BATCH = re.compile(r"msgbatch_[A-Za-z0-9_-]{1,90}")
REQUEST = re.compile(r"(?=.*[_-])[A-Za-z0-9_-]{4,100}")
FORMS = (
    "a call's number (1234), a ticket (#1042), a request at the provider (req_…), a user's e-mail address, "
    f"a fingerprint or its first {FINGERPRINT_INDEXED} characters or more, or a batch at the provider (msgbatch_…)"
)
FRAME = frozenset({"p", "e", "_changelist_filters"})  # parameters of the list itself
Choices = tuple[tuple[str, str], ...]

MODELS: Choices = tuple((card.id, card.name) for card in CATALOG.values())
CHOICES: Mapping[str, Choices] = {
    "feature": tuple(Feature.choices),
    "asked": MODELS,
    "served": MODELS,
    "obtained": tuple(Obtained.choices),
    "state": tuple(CallState.choices),
    "error": tuple((code, f"{kind}: {code}") for code, kind in sorted(CLASS_OF.items())),
    "certainty": tuple(Certainty.choices),
}
CALLED = {
    "asked": "model",
    "served": "model",
    "obtained": "way to a reply",
    "error": "error code",
    "certainty": "certainty of a cost",
}
COLUMNS = {"asked": "model_asked", "served": "model_served"}
OLD_NAMES = {
    "model": "served",
    "feature__exact": "feature",
    "obtained__exact": "obtained",
    "state__exact": "state",
}
TEXTS = ("q", "from", "to", "above", "batch", "about_kind", "about_id")


@dataclass(frozen=True, slots=True)
class CallQuestion:
    """What is looked for, and in `problems` what of the address could not be used, each a sentence.

    `texts` is what the form shows again, by parameter. Where `is_clear` is False nothing is to be looked for: whatever was shown
    would be taken for the answer.
    """

    search: CallSearch
    texts: Mapping[str, str]
    problems: tuple[str, ...] = ()
    is_clear: bool = True


class Unclear(ValueError):
    """A part of the address that cannot be used. The message is a sentence for people."""


def read(query: QueryDict) -> CallQuestion:
    """By default everything. Choices that do not exist are left out and named; what names or bounds calls has to be clear."""
    given = {OLD_NAMES.get(name, name): _clean(query.get(name, "")) for name in query}
    problems = list(_unknown(given))
    chosen = {name: value for name, value in given.items() if value in dict(CHOICES.get(name, ()))}
    described: dict[str, Any] = {COLUMNS.get(name, name): value for name, value in chosen.items()}
    search = replace(CallSearch(), **described)
    is_clear = True
    for part in (_search_text, _about, _batch, _days, _above):
        try:
            search = part(search, given)
        except Unclear as error:
            problems.append(str(error))
            is_clear = False
    texts = chosen | {name: given[name] for name in TEXTS if given.get(name)}
    return CallQuestion(search, texts, tuple(problems), is_clear)


def _clean(text: str) -> str:
    return text.replace("\x00", "").strip()[:LONGEST_TEXT]


def _unknown(given: Mapping[str, str]) -> Iterator[str]:
    for name, value in given.items():
        if name in CHOICES and value and value not in dict(CHOICES[name]):
            yield f"There is no {CALLED.get(name, name)} “{value[:40]}”. Shown are all of them."
        elif name not in CHOICES and name not in TEXTS and name not in FRAME:
            yield f"Calls cannot be looked for by “{name[:40]}”. That part of the address is left out."


def _search_text(search: CallSearch, given: Mapping[str, str]) -> CallSearch:
    text = given.get("q", "")
    number = text.removeprefix("#")
    if not text:
        return search
    if number.isascii() and number.isdigit() and len(text) < FINGERPRINT_CHARACTERS:
        return _numbered(search, int(number), is_ticket=text != number)
    if "@" in text:
        return replace(search, by_id=_user_id(text))
    if FINGERPRINT.fullmatch(text.lower()):
        return replace(search, fingerprint=text.lower())
    if BATCH.fullmatch(text):
        return replace(search, batch_id=_batch_id(text))
    if REQUEST.fullmatch(text):
        return replace(search, request_id=text)
    raise Unclear(f"“{text[:80]}” cannot be looked for. Write {FORMS}.")


def _numbered(search: CallSearch, number: int, *, is_ticket: bool) -> CallSearch:
    if is_ticket:
        return replace(search, about=("ticket", str(number)))
    if number > MAX_ID:
        raise Unclear(f"There is no call {str(number)[:40]}.")
    return replace(search, call_id=number)


def _user_id(email: str) -> int:
    found = User.objects.filter(email__iexact=email).values_list("pk", flat=True).first()
    if found is None:
        raise Unclear(f"No user has the e-mail address “{email[:80]}”.")
    return found


def _about(search: CallSearch, given: Mapping[str, str]) -> CallSearch:
    kind, about_id = given.get("about_kind", ""), given.get("about_id", "")
    return replace(search, about=(kind, about_id)) if kind and about_id else search


def _batch(search: CallSearch, given: Mapping[str, str]) -> CallSearch:
    text = given.get("batch", "")
    return replace(search, batch_id=_batch_id(text)) if text else search


def _batch_id(text: str) -> int:
    """By our number or the provider's id."""
    number = text.removeprefix("#")
    is_number = number.isascii() and number.isdigit() and int(number) <= MAX_ID
    batches = (
        Batch.objects.filter(pk=int(number))
        if is_number
        else Batch.objects.filter(provider_id=text)
    )
    found = batches.values_list("pk", flat=True).first()
    if found is None:
        raise Unclear(f"There is no batch “{text[:80]}”.")
    return found


def _days(search: CallSearch, given: Mapping[str, str]) -> CallSearch:
    first, last = (_day(given.get(name, "")) for name in ("from", "to"))
    if first and last and first > last:
        raise Unclear("The first day lies after the last.")
    return replace(search, first=first, last=last)


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Unclear(f"“{text[:40]}” is not a date; write it like 2026-11-30.") from None
    if not 2000 <= day.year <= 2999:
        raise Unclear(f"The year {day.year} is out of range.")
    return day


def _above(search: CallSearch, given: Mapping[str, str]) -> CallSearch:
    text = given.get("above", "").removeprefix("$")
    if not text:
        return search
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Unclear(f"“{text[:40]}” is no amount; write dollars like 0.05.") from None
    if not amount.is_finite() or not 0 <= amount <= MOST_USD:
        raise Unclear(f"“{text[:40]}” is no amount that a call can cost.")
    return replace(search, above_nanousd=int(amount * NANOUSD_PER_USD))
