from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from accounts.models import Team, User
from triage.exceptions import InvalidInput, NoTaxonomy
from triage.models import Label, TaxonomyVersion
from triage.services import taxonomy

pytestmark = pytest.mark.django_db


@pytest.fixture
def labels() -> list[Label]:
    return [Label.objects.create(slug=slug, name=slug.title()) for slug in ("refund", "Login?")]


@pytest.fixture
def version(labels: list[Label]) -> TaxonomyVersion:
    return taxonomy.publish(by=User.objects.system())


def test_a_version_holds_the_active_labels_with_all_that_decides(labels: list[Label]) -> None:
    team = Team.objects.create(slug="money", name="Money")
    Label.objects.create(slug="old", name="Old", is_active=False)
    Label.objects.filter(slug="refund").update(
        team=team, always_escalate=True, threshold=0.9, examples=["a"], exclusions="Not this."
    )

    taxonomy.publish(by=User.objects.system())

    current = taxonomy.current()
    refund = current.labels["refund"]
    assert set(current.labels) == {"refund", "Login?"}
    assert (refund.team, refund.always_escalate, refund.threshold) == ("money", True, 0.9)
    assert (refund.examples, refund.exclusions) == (("a",), "Not this.")


def test_publishing_the_same_labels_again_gives_the_same_version(version: TaxonomyVersion) -> None:
    assert taxonomy.publish(by=User.objects.system()) == version


def test_a_changed_label_makes_the_next_version(version: TaxonomyVersion) -> None:
    Label.objects.filter(slug="refund").update(description="Money back.")

    newer = taxonomy.publish(by=User.objects.system())

    assert newer.number == version.number + 1
    assert newer.digest != version.digest
    assert taxonomy.current().version_id == newer.pk
    assert taxonomy.load(version.pk).labels["refund"].description == ""


@pytest.mark.parametrize("statement", ["update", "delete"])
def test_a_published_version_can_neither_be_changed_nor_deleted(
    version: TaxonomyVersion, statement: str
) -> None:
    rows = TaxonomyVersion.objects.filter(pk=version.pk)

    with pytest.raises(IntegrityError, match="is history and is not edited"), transaction.atomic():
        rows.update(labels=[]) if statement == "update" else rows.delete()

    assert TaxonomyVersion.objects.get().labels == version.labels


def test_fewer_than_two_labels_are_no_choice_and_are_not_published(labels: list[Label]) -> None:
    Label.objects.filter(slug="refund").update(is_active=False)

    with pytest.raises(InvalidInput, match="at least two active labels"):
        taxonomy.publish(by=User.objects.system())


def test_without_a_version_the_error_says_what_to_do() -> None:
    with pytest.raises(NoTaxonomy, match="Add labels and publish them"):
        taxonomy.current()


def test_a_label_is_found_without_case_and_an_invented_one_is_not(version: TaxonomyVersion) -> None:
    current = taxonomy.current()

    found = current.find("LOGIN?")
    assert found is not None
    assert found.slug == "Login?"
    assert current.find("invented") is None


@pytest.mark.django_db(transaction=True)
def test_publishers_take_turns_so_that_no_number_is_given_twice(version: TaxonomyVersion) -> None:
    system = User.objects.system()

    def publish_impatiently() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                taxonomy.publish(by=system)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        taxonomy.publish(by=system)
        with pytest.raises(OperationalError, match="lock timeout"):
            pool.submit(publish_impatiently).result()
