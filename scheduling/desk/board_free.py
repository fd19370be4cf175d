"""A free stretch of the board: whom to book there."""

from datetime import date, datetime, time
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.models import Site
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, needs
from patients.search import search
from scheduling.desk.sites import site_or_404
from scheduling.models import Appointment, Protocol

#: Patients shown at once; more letters make it fewer.
MOST = 12
LONGEST_SEARCH = 100


@require_safe
@needs(Permission.BOOK)
@limited(SEARCHES)
def free(request: StaffRequest, site: UUID, day: date) -> HttpResponse:
    """Who is to be booked on that date from `?from=` (HH:MM local) on: found by `?q=`, each with the ways to book.

    `?chair=` only says where the clerk pointed; which chair it becomes is the planner's to choose.
    """
    place = site_or_404(request.user, site)
    since = _asked(request.GET.get("from", ""))
    text = request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    found = list(search(request.user, text).filter(sites=place)[: MOST + 1]) if text else []
    hours = {"patient_from": f"{since:%H:%M}"} if since is not None else {}
    context = {
        "site": place,
        "day": day,
        "since": clock.moment(day, since, place.zone) if since is not None else None,
        "typed_since": request.GET.get("from", ""),
        "chair": request.GET.get("chair", "")[:LONGEST_SEARCH],
        "q": text,
        "found": found[:MOST],
        "more": len(found) > MOST,
        "single_query": urlencode({"site": str(place.pk), "day": day.isoformat()}),
        "is_today": day == clock.today(place.zone),
        "series_query": _query(place, day, Protocol.Kind.INFUSION, hours),
        "consult_query": _query(place, day, Protocol.Kind.CONSULT, {"mode": Appointment.Mode.IN_PERSON.value}),
    }
    name = "desk/board/_found.html" if request.htmx else "desk/board/free.html"  # type: ignore[attr-defined]
    return render(request, name, context)


def _query(place: Site, day: date, kind: Protocol.Kind, more: dict[str, str]) -> str:
    """What the booking page begins with: this site and day, and the site's first protocol of the kind. Empty where the
    site offers none."""
    protocols = Protocol.objects.filter(is_active=True, kind=kind, sites=place, versions__is_current=True)
    protocol = protocols.first()
    if protocol is None:
        return ""
    return urlencode({"site": str(place.pk), "protocol": str(protocol.pk), "first_day": day.isoformat()} | more)


def _asked(text: str) -> time | None:
    try:
        return datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 -- a time of day on the site's wall clock
    except ValueError:
        return None
