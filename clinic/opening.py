"""Who opened whose record: a view's loader says whom its page shows, and the opening goes on the audit trail.

A page that refreshes by itself, a part of the page that is open, and the same page looked at again within some minutes
are no new opening. A page is handed out only when the opening is written.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from clinic.actor import Actor, origin

if TYPE_CHECKING:
    from clinic.models import User

#: Minutes in which the same page of the same record, looked at by the same person, is still the same opening.
SAME = 10
#: Patient's id to the reason given, where one had to be.
_shown: ContextVar[dict[UUID, str] | None] = ContextVar("records_shown", default=None)


def shows(patient: UUID, reason: str = "") -> None:
    """The page that is being made shows this patient's record."""
    shown = _shown.get()
    if shown is not None:
        shown[patient] = reason or shown.get(patient, "")


T = TypeVar("T", bound=Model)


def opened(thing: T) -> T:
    """The thing itself, a patient or something of one patient's: a loader's last word about what the page will show."""
    patient = getattr(thing, "patient_id", thing.pk)
    if patient is not None:
        shows(patient)
    return thing


@contextmanager
def watched() -> Iterator[dict[UUID, str]]:
    """Around a view: what it shows. A view inside another shows on the other's page."""
    outer = _shown.get()
    shown: dict[UUID, str] = {} if outer is None else outer
    token = _shown.set(shown)
    try:
        yield shown
    finally:
        _shown.reset(token)


def record(request: HttpRequest, response: HttpResponse, shown: dict[UUID, str], user: "User") -> None:
    """Write the openings of a page that is about to be handed out."""
    if not shown or response.status_code != 200 or request.method != "GET" or _is_refresh(request):
        return
    match = request.resolver_match
    page = match.view_name if match is not None else request.path
    for patient, reason in shown.items():
        write(patient, page, user, reason)


def write(patient: UUID | None, page: str, user: "User", reason: str = "") -> None:
    """Put on the trail that `user` opened the record at a page, or (without a patient) took a copy of what it shows."""
    by = Actor.of(user)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT clinic_record_opening(%s, %s, %s, %s, %s, %s, %s, %s)",
            [patient and str(patient), page[:80], by.kind, by.id, by.name[:200], reason, origin.get()[:200], SAME],
        )


def _is_refresh(request: HttpRequest) -> bool:
    """Whether the page that the record stands on is open already and asks for a part of itself."""
    if request.headers.get("X-Requested-With") == "fetch":
        return True
    current = request.headers.get("HX-Current-URL")
    return current is not None and urlsplit(current).path == request.path
