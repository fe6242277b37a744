"""Changes of a ticket in words, with the names of the labels, teams and people that they name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Coalesce, NullIf

from accounts.models import Team, User
from triage.models import Label, Priority, Status

WORDS = {
    "label": "label",
    "team": "team",
    "team_id": "team",
    "assignee_id": "assignee",
    "status": "status",
    "priority": "priority",
}
UNNAMED = {"subject": "the subject", "tags": "the tags", "custom_fields": "custom fields"}
KNOWN = {"status": dict(Status.choices), "priority": dict(Priority.choices)}
Changes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Names:
    """Names by field and value, as events have them: a label's slug, a user's id."""

    found: Mapping[tuple[str, str], str]

    def of(self, field: str, value: Any) -> str:
        known = KNOWN.get(field, {}).get(value)
        return known or self.found.get((field, str(value)), "one that is gone" if value else "")


def names_for(*several: Iterable[Changes]) -> Names:
    """The names of all that these changes name, in one query."""
    named: dict[str, set[str]] = {
        "label": set(),
        "team": set(),
        "team_id": set(),
        "assignee_id": set(),
    }
    for changes in (changes for each in several for changes in each):
        for field in named.keys() & changes.keys():
            named[field] |= {str(value) for value in changes[field] if value}
    if not any(named.values()):
        return Names({})
    labels = _rows("label", Label.objects.filter(slug__in=named["label"]), "slug")
    others = (
        _rows("team", Team.objects.filter(slug__in=named["team"]), "slug"),
        _rows("team_id", Team.objects.filter(pk__in=named["team_id"]), "pk"),
        _rows("assignee_id", User.objects.filter(pk__in=named["assignee_id"]), "pk"),
    )
    return Names({(field, key): name for field, key, name in labels.union(*others, all=True)})


def change_in_words(changes: Changes, names: Names) -> str:
    """ "changed status from Open to Solved and set priority High"."""
    return " and ".join(_in_words(field, names, *pair) for field, pair in changes.items())


def correction_in_words(changes: Changes, names: Names) -> str:
    """The same of a label: who leaves it as it was has confirmed it."""
    before, after = changes["label"]
    if before == after:
        return f"confirmed label {names.of('label', after)}"
    return _in_words("label", names, before, after)


def _in_words(field: str, names: Names, before: Any, after: Any) -> str:
    if field not in WORDS:
        return f"changed {UNNAMED.get(field, field)}"
    first, then, word = names.of(field, before), names.of(field, after), WORDS[field]
    if field == "assignee_id":
        return f"assigned it to {then}" if after else f"took {first} off it"
    if not before:
        return f"set {word} {then}"
    return f"changed {word} from {first} to {then}" if after else f"took {word} {first} away"


def _rows(field: str, found: Any, key: str) -> Any:
    name = Coalesce(NullIf("name", Value("")), F("email")) if found.model is User else F("name")
    return found.order_by().values_list(
        Value(field, CharField()), Cast(key, CharField()), Cast(name, CharField())
    )
