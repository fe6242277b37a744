"""Labels people edit become immutable versions here; everything that decides reads a version."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from triage.exceptions import InvalidInput, NoTaxonomy
from triage.models import Label, TaxonomyVersion

PUBLISH_LOCK = 7_210_001  # two publishers must not take the same number


@dataclass(frozen=True, slots=True)
class LabelSnapshot:
    """One label as a version keeps it. `team` is a slug, or ""."""

    slug: str
    name: str
    description: str
    exclusions: str
    examples: tuple[str, ...]
    team: str
    always_escalate: bool
    auto_apply: bool
    threshold: float | None


@dataclass(frozen=True)
class Taxonomy:
    """A version as the services use it: its labels by slug, in the slugs' order."""

    version_id: int
    number: int
    digest: str
    labels: Mapping[str, LabelSnapshot]

    @cached_property
    def _slugs_by_folded(self) -> dict[str, str]:
        return {slug.casefold(): slug for slug in self.labels}

    def find(self, slug: str) -> LabelSnapshot | None:
        """The label of that slug, compared without case; None for one that Claude made up."""
        known = self._slugs_by_folded.get(slug.casefold())
        return self.labels[known] if known else None


def publish(*, by: User) -> TaxonomyVersion:
    """The active labels as a new version; the newest one, if it says the same already.

    Raises:
        InvalidInput: There are fewer than two active labels to choose from.
    """
    with transaction.atomic():
        _take_publish_lock()
        labels = [_snapshot(label) for label in _active_labels()]
        if len(labels) < 2:
            raise InvalidInput("labels", "a taxonomy needs at least two active labels")
        digest = hashlib.sha256(_canonical(labels).encode()).hexdigest()
        newest = TaxonomyVersion.objects.order_by("-number").first()
        if newest and newest.digest == digest:
            return newest
        number = newest.number + 1 if newest else 1
        return TaxonomyVersion.objects.create(number=number, digest=digest, labels=labels, by=by)


def current() -> Taxonomy:
    """The newest version.

    Raises:
        NoTaxonomy: Nothing has been published yet.
    """
    newest = TaxonomyVersion.objects.order_by("-number").values_list("id", flat=True).first()
    if newest is None:
        raise NoTaxonomy(
            "No labels are published yet. Add labels and publish them, or import some."
        )
    return load(newest)


@lru_cache(maxsize=16)
def load(version_id: int) -> Taxonomy:
    """A version by its id. Cached for the life of the process: versions do not change."""
    version = TaxonomyVersion.objects.get(pk=version_id)
    labels = (
        LabelSnapshot(**{**row, "examples": tuple(row["examples"])}) for row in version.labels
    )
    return Taxonomy(
        version_id=version.pk,
        number=version.number,
        digest=version.digest,
        labels={label.slug: label for label in labels},
    )


def _active_labels() -> list[Label]:
    return list(Label.objects.filter(is_active=True).select_related("team").order_by("slug"))


def _snapshot(label: Label) -> dict[str, Any]:
    return {
        "slug": label.slug,
        "name": label.name,
        "description": label.description,
        "exclusions": label.exclusions,
        "examples": label.examples,
        "team": label.team.slug if label.team else "",
        "always_escalate": label.always_escalate,
        "auto_apply": label.auto_apply,
        "threshold": label.threshold,
    }


def _canonical(labels: list[dict[str, Any]]) -> str:
    return json.dumps(labels, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _take_publish_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PUBLISH_LOCK])
