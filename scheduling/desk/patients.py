"""The list of patients, and a patient's page."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, needs
from patients.search import LONGEST, alike, search
from scheduling.desk.patients_page import load, with_next_visits
from scheduling.desk.sites import patient_or_404, sites_of
from scheduling.selectors.journey import visits_of
from scheduling.selectors.timeline import timeline_of
from scheduling.selectors.timeline_event import Topic

#: Rows of the list: what fits two screens.
PER_PAGE = 25
#: What the timeline can be narrowed to, in words.
TOPICS = ((Topic.VISITS, "Visits"), (Topic.MESSAGES, "Messages"), (Topic.HEALTH, "Health"), (Topic.PAPERS, "Papers"))


@require_safe
@needs(Permission.VIEW_PATIENTS)
@limited(SEARCHES)
def patients(request: StaffRequest) -> HttpResponse:
    """The user's patients whom the search fits (`q`), a page at a time, or who are alike; for htmx only the rows."""
    text = request.GET.get("q", "")[:LONGEST].strip()
    page = Paginator(search(request.user, text), PER_PAGE).get_page(request.GET.get("page"))
    people = list(page.object_list)
    is_alike = not people and bool(text)
    if is_alike:
        people = alike(request.user, text)
    context: dict[str, Any] = {
        "q": text,
        "page": page,
        "rows": with_next_visits(request.user, people),
        "is_alike": is_alike,
        "several": len(sites_of(request.user)) > 1,
    }
    name = "desk/patients/_found.html" if request.htmx else "desk/patients/list.html"  # type: ignore[attr-defined]
    response = render(request, name, context, status=HTTPStatus.OK)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@needs(Permission.VIEW_PATIENTS)
def patient(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Who the patient is, how to reach him or her, contacts, standing, visits and messages; clinical parts for those
    who may; for htmx only the timeline."""
    shown = request.GET.get("show", "")
    topic = Topic(shown) if shown in set(Topic) else None
    found = patient_or_404(request.user, pk)
    journey = visits_of(found, request.user)
    timeline = timeline_of(found, request.user, journey, topic=topic, whole="whole" in request.GET)
    context: dict[str, Any] = {"patient": found, "journey": journey, "timeline": timeline, "topics": TOPICS}
    if request.htmx:  # type: ignore[attr-defined]
        response = render(request, "desk/patients/_timeline.html", context)
    else:
        response = render(request, "desk/patients/patient.html", context | {"page": load(found, request.user, journey)})
    patch_vary_headers(response, ["HX-Request"])
    return response
