"""Keeping views of the queue: saved under a name, shared with a team or with everybody, renamed and deleted."""

from collections.abc import Collection, Mapping

from django.db import IntegrityError, transaction

from accounts.models import Team, User
from triage.exceptions import InvalidInput
from triage.models import Label, Priority, SavedView, Sharing, Status
from triage.selectors.queue import View
from triage.services.intake.cleaning import cleaned

NAME_MAX_CHARACTERS = 60
TEXT_MAX_CHARACTERS = 200
KEPT_AT_MOST = 50
CHOICES: Mapping[str, Collection[str]] = {
    "view": View.values,
    "priority": Priority.values,
    "status": Status.values,
}


def save_view(*, name: str, query: Mapping[str, str], sharing: str, by: User) -> SavedView:
    """A new view of `by`'s: `query` are the filters of the queue's address, by parameter; empty ones are left out.

    Raises:
        InvalidInput: The name is empty, too long or taken, `query` holds what is no filter or names nothing there is, the
            sharing is unknown or needs a team, or `by` keeps KEPT_AT_MOST views; nothing is saved.
    """
    if sharing not in Sharing.values:
        raise InvalidInput("sharing", f"must be one of {', '.join(Sharing.values)}")
    if sharing == Sharing.TEAM and by.team_id is None:
        raise InvalidInput("sharing", "you are in no team")
    if by.saved_views.count() >= KEPT_AT_MOST:
        raise InvalidInput("name", f"you keep {KEPT_AT_MOST} views already")
    view = SavedView(owner=by, query=_checked_query(query), sharing=sharing)
    view.team_id = by.team_id if sharing == Sharing.TEAM else None
    return _save(view, name)


def rename(view_id: int, *, name: str, by: User) -> SavedView:
    """The view under another name. Only its owner may.

    Raises:
        SavedView.DoesNotExist: There is no such view of `by`'s.
        InvalidInput: The name is empty, too long or taken; nothing is saved.
    """
    return _save(SavedView.objects.get(pk=view_id, owner=by), name)


def delete_view(view_id: int, *, by: User) -> None:
    """Forget the view. Only its owner may, and an admin where it is shared.

    Raises:
        SavedView.DoesNotExist: There is no such view that `by` may delete.
    """
    view = SavedView.objects.get(pk=view_id)
    is_shared = view.sharing != Sharing.PRIVATE
    if view.owner_id != by.pk and not (by.is_admin and is_shared):
        raise SavedView.DoesNotExist("There is no such view of yours.")
    view.delete()


def _save(view: SavedView, name: str) -> SavedView:
    view.name = _checked_name(name)
    try:
        with transaction.atomic():
            view.save()
    except IntegrityError:
        raise InvalidInput("name", f"you have a view {view.name!r} already") from None
    return view


def _checked_name(name: str) -> str:
    plain = " ".join(cleaned(name).split())
    if not plain:
        raise InvalidInput("name", "is missing or empty")
    if len(plain) > NAME_MAX_CHARACTERS:
        raise InvalidInput("name", f"is longer than {NAME_MAX_CHARACTERS} characters")
    return plain


def _checked_query(query: Mapping[str, str]) -> dict[str, str]:
    given = {name: value.replace("\0", " ").strip() for name, value in query.items()}
    given = {name: value for name, value in given.items() if value}
    for name, value in given.items():
        if not _is_there(name, value):
            raise InvalidInput("query", f"there is no {name[:40]} {value[:60]!r} to filter by")
    return given


def _is_there(name: str, value: str) -> bool:
    match name:
        case "label":
            return Label.objects.filter(slug=value, is_active=True).exists()
        case "team":
            return Team.objects.filter(slug=value).exists()
        case "text":
            return len(value) <= TEXT_MAX_CHARACTERS
        case _:
            return value in CHOICES.get(name, ())
