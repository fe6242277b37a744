"""How the labels people edit differ from what Claude sees: the newest published version."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from triage.models import Label, TaxonomyVersion

COMPARED = (
    "name",
    "description",
    "exclusions",
    "examples",
    "team",
    "always_escalate",
    "auto_apply",
    "threshold",
)


@dataclass(frozen=True, slots=True)
class ChangedLabel:
    """A label in both, and the names of the fields that differ."""

    slug: str
    name: str
    fields: tuple[str, ...]

    @property
    def fields_text(self) -> str:
        return ", ".join(name.replace("_", " ") for name in self.fields)


@dataclass(frozen=True, slots=True)
class LabelChanges:
    """What publishing would change. `newest` is the newest version's number, None before the first.

    `digest` is equal for equal changes on the same version: what a person confirmed is what gets published.
    """

    newest: int | None
    active: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ChangedLabel, ...]
    digest: str

    @property
    def number(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed)


def changes() -> LabelChanges:
    """The active labels against the newest version. Three queries."""
    newest = TaxonomyVersion.objects.order_by("-number").first()
    published = {row["slug"]: row for row in newest.labels} if newest else {}
    active = {label.slug: _row(label) for label in _active()}
    return LabelChanges(
        newest=newest.number if newest else None,
        active=len(active),
        added=tuple(active[slug]["name"] for slug in sorted(active.keys() - published.keys())),
        removed=tuple(published[slug]["name"] for slug in sorted(published.keys() - active.keys())),
        changed=_changed(published, active),
        digest=hashlib.sha256(repr((newest and newest.number, active)).encode()).hexdigest(),
    )


def _active() -> Iterable[Label]:
    return Label.objects.filter(is_active=True).select_related("team").order_by("slug")


def _row(label: Label) -> dict[str, Any]:
    row = {name: getattr(label, name) for name in COMPARED}
    return row | {"team": label.team.slug if label.team else ""}


def _changed(
    published: Mapping[str, Mapping[str, Any]], active: Mapping[str, Mapping[str, Any]]
) -> tuple[ChangedLabel, ...]:
    found = []
    for slug in sorted(published.keys() & active.keys()):
        fields = tuple(name for name in COMPARED if published[slug][name] != active[slug][name])
        if fields:
            found.append(ChangedLabel(slug, active[slug]["name"], fields))
    return tuple(found)
