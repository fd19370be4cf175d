"""How the patient is reached: the way, the language, and nothing but what is essential for who wants that."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic.errors import Refused
from clinic.views import form_status, public
from patients.actions import change_contact, change_patient
from patients.models import Channel, Contact, Patient
from scheduling.messages import links
from scheduling.models import Link
from scheduling.portal import limits
from scheduling.portal.answers import no_open_link, sealed, too_many
from scheduling.portal.contact_forms import ContactForm
from scheduling.portal.selectors import site_for
from scheduling.portal.visitor import Visitor, opened, remember, spoken_by

PATIENT = Link.Purpose.PATIENT


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def contact(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """The ways that there are; a POST keeps the choice."""
    person = visitor.reader
    initial = {
        "channel": person.channel,
        "language": person.language,
        "extras": not visitor.patient.essential_only,
    }
    data = request.POST if request.method == "POST" else None
    form = ContactForm(data, initial=initial, person=person, texts_go_out=settings.TEXTS_GO_OUT)
    if form.is_valid() and _keep(visitor, person, form):
        language = form.cleaned_data["language"]
        with translation.override(language):
            messages.success(request, _("Thank you. This is how we reach you from now on."))
        response = redirect("portal:home")
        remember(response, visitor.link, language, proven=visitor.proven)
        return response
    context = {"visitor": visitor, "site": site_for(visitor.patient), "form": form}
    return render(request, "portal/contact.html", context, status=form_status(form))


def _keep(visitor: Visitor, person: Patient | Contact, form: ContactForm) -> bool:
    values = form.cleaned_data
    wanted: dict[str, Any] = {"channel": values["channel"], "language": values["language"]}
    own: dict[str, Any] = {"essential_only": not values["extras"]}
    if isinstance(person, Patient):
        own |= wanted | _agreed(values["channel"])
    elif values["channel"] == Channel.MAIL:
        wanted |= {"mail_consent": True}
    try:
        if isinstance(person, Contact) and _differ(person, wanted):
            change_contact(by=visitor.by, contact=person, **wanted)
        if _differ(visitor.patient, own):
            change_patient(by=visitor.by, patient=visitor.patient, **own)
    except Refused as error:
        form.add_error(None, error.message)
        return False
    return True


def _agreed(channel: str) -> dict[str, bool]:
    """Who chooses a way agrees to it."""
    return {Channel.MAIL.value: {"mail_consent": True}, Channel.TEXT.value: {"text_consent": True}}.get(channel, {})


def _differ(person: Patient | Contact, values: dict[str, Any]) -> bool:
    return any(getattr(person, name) != value for name, value in values.items())


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Unsubscribe from what is not essential, by the token of the message itself: mail programs post here on their own
    (RFC 8058), without cookies and so without a CSRF token. A GET shows a button.
    """
    if limits.over_limit(request, "openings", limits.OPENINGS):
        return too_many(request)
    link = links.find(token, PATIENT)
    if link is None:
        return no_open_link(request, status=404)
    patient = link.patient
    if request.method == "POST" and not patient.essential_only:
        change_patient(by=patient.as_actor, patient=patient, essential_only=True)
    with translation.override(spoken_by(link)):
        context = {"site": site_for(patient), "is_done": patient.essential_only}
        return sealed(render(request, "portal/stop.html", context))
