"""A tablet of the clinic in a browser: left to the patient with one page open, and shut once that is answered."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.views import StaffRequest
from patients.models import Measure, Patient
from scheduling.actions.tablets import hand_back, hand_over
from scheduling.models import Link
from scheduling.portal.visitor import Visitor, forget, remember, spoken_by

#: The page that each kind of tablet opens.
PAGES = {
    Link.Purpose.SCREENING: "portal:screening",
    Link.Purpose.SCORES: "portal:tablet",
    Link.Purpose.CONSENT: "portal:consent",
}


def leave_to(
    request: StaffRequest, patient: Patient, purpose: Link.Purpose, *, back: str, measure: Measure | None = None
) -> HttpResponse:
    """Leave this browser to the patient: whoever is signed in is signed out, and the page for `purpose` opens, and
    nothing else does until somebody signs in again. A refusal is said on `back`, a view about the patient.
    """
    try:
        link = hand_over(by=Actor.of(request.user), patient=patient, purpose=purpose, measure=measure)
    except Refused as error:
        messages.error(request, error.message)
        return redirect(back, patient.pk)
    logout(request)
    response = redirect(PAGES[purpose])
    remember(response, link, spoken_by(link), proven=True)
    return response


def shut(response: HttpResponse, visitor: Visitor) -> HttpResponse:
    """The answer to the last form of a tablet: nothing opens on it any more."""
    hand_back(by=visitor.by, link=visitor.link)
    forget(response)
    return response
