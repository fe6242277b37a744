"""Files over the API: kept, read in slices by a worker, and seen by their owner."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from tests.integration.api.client import Api, api_as, fault_fields
from triage.models import Import, Ticket
from triage.services.intake import importing, uploads

ROWS = b"external_id,description\n" + b"".join(b"%d,Vase %d broke\n" % (n, n) for n in range(9))


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: object) -> None:
    settings.TRIAGE_UPLOADS = tmp_path


def upload(api: Api, content: bytes, name: str = "t.csv") -> int:
    answer = api.upload("/imports", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 202, answer.content
    return int(answer.json()["id"])


def test_an_import_is_read_in_the_background_and_only_by_its_owner(
    api: Api, alice: User, admin_api: Api
) -> None:
    text = b"external_id,description\n1,Broken vase\n2,\n3,Lost parcel\n"
    answer = api.upload("/imports", {"file": SimpleUploadedFile("t.csv", text), "source": "shop"})

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    path = f"/imports/{answer.json()['id']}"
    uploads.read_slice(answer.json()["id"])
    said = api.get(path).json()
    assert (said["state"], said["progress"], said["new"], said["refused"]) == ("done", 1.0, 2, 1)
    assert said["problems"] == [{"line": 3, "reason": "description: is missing or empty"}]
    assert api_as(alice).get(path).status_code == 404
    assert admin_api.get(path).json() == said
    assert api_as(alice).get("/imports").json()["data"] == []
    assert not uploads._path(Import.objects.get()).exists()


def test_a_slice_that_ends_early_is_gone_on_with(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "BATCH_LINES", 2)
    monkeypatch.setattr(uploads, "SLICE_SECONDS", -1.0)
    import_id = upload(api, ROWS)

    states = []
    for _ in range(6):
        uploads.read_slice(import_id)
        said = api.get(f"/imports/{import_id}").json()
        states.append((said["state"], said["new"]))

    assert states[:5] == [(("running", 2 * n)) for n in range(1, 5)] + [("running", 9)]
    assert states[5] == ("done", 9)
    assert Ticket.objects.count() == 9


def test_a_file_that_cannot_be_used_says_why(api: Api) -> None:
    import_id = upload(api, b"a,b\n1,2\n")

    uploads.read_slice(import_id)

    said = api.get(f"/imports/{import_id}").json()
    assert said["state"] == "failed"
    assert "description" in said["error"]


def test_a_file_that_is_gone_says_so(api: Api) -> None:
    import_id = upload(api, ROWS)
    uploads._path(Import.objects.get()).unlink()

    uploads.read_slice(import_id)

    assert "Upload it again" in api.get(f"/imports/{import_id}").json()["error"]


def test_an_import_whose_worker_died_is_sent_again(
    api: Api,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    upload(api, ROWS)
    Import.objects.update(updated_at=timezone.now() - timedelta(minutes=3))

    with django_capture_on_commit_callbacks() as first:
        uploads.sweep_uploads()
    with django_capture_on_commit_callbacks() as second:
        uploads.sweep_uploads()

    assert (len(first), len(second)) == (1, 0)


def test_an_empty_file_and_none_at_all_are_named(api: Api) -> None:
    empty = api.upload("/imports", {"file": SimpleUploadedFile("t.csv", b"")})

    assert fault_fields(empty) == ["file"]
    assert fault_fields(api.upload("/imports", {})) == ["file"]
    assert not Import.objects.exists()


def test_an_upload_under_a_key_is_kept_once(api: Api) -> None:
    keyed = Api(api.secret, headers={"Idempotency-Key": "u-1"})

    ids = {upload(keyed, ROWS) for _ in range(2)}

    assert len(ids) == Import.objects.count() == 1
