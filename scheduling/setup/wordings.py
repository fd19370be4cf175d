"""The messages of a site: what is sent when, the site's own words in them, and how they reach a sample patient.

A preview writes the message and takes it back (`scheduling.messages.sample`), so it is the answer to a POST.
"""

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.models import Channel, Language
from scheduling.actions.setup import wording as verbs
from scheduling.messages import sample
from scheduling.messages.texts import Rendered
from scheduling.messages.wording import placeholders
from scheduling.models import Message, ProtocolVersion, SiteWording
from scheduling.selectors import changes
from scheduling.setup import scope
from scheduling.setup.saving import saves
from scheduling.setup.wording_forms import WordingForm, initial_words

#: In addresses: the words for every kind of message.
EVERY = "every"
#: What shows the words for every kind.
SHOWN_FOR_EVERY = Message.Kind.BOOKED
#: When each kind goes out, for staff.
WHEN = {
    Message.Kind.BOOKED: "when a series is booked",
    Message.Kind.HELD: "when dates are held until a doctor has cleared the patient",
    Message.Kind.CONSULT_BOOKED: "when a consult is booked",
    Message.Kind.MOVED: "when a visit has a new time",
    Message.Kind.CANCELLED: "when a visit is cancelled",
    Message.Kind.STOPPED: "when a series ends early",
    Message.Kind.RELEASED: "when held dates could not be kept",
    Message.Kind.BOOSTERS_CHANGED: "when several dates of a series change",
    Message.Kind.REMINDER: "some days before a visit",
    Message.Kind.PREPARE: "the day before, with how to prepare",
    Message.Kind.TODAY: "on the day",
    Message.Kind.RIDE_MISSING: "when nobody is named to drive",
    Message.Kind.COMPANION_NAMED: "to the driver: the dates and pick-up times",
    Message.Kind.COMPANION_CANCELLED: "to the driver: no longer needed",
    Message.Kind.PICK_UP: "to the driver: when the patient is expected to be ready, as recovery begins",
    Message.Kind.AFTERCARE: "when the patient has left",
    Message.Kind.FOLLOW_UP: "a call after a visit that went otherwise",
    Message.Kind.NEWS: "when a doctor has decided",
    Message.Kind.EARLIER_OFFER: "when somebody on the list is asked for an earlier time",
    Message.Kind.EARLIER_OVER: "when that time is no longer free",
    Message.Kind.SCREENING: "when the front desk asks for the answers to the screening",
    Message.Kind.SCORE_ASKED: "once, when nothing was heard for some days after a visit",
    Message.Kind.DATES_OFFERED: "when the next dates wait for a yes",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """One language's message: as mail, and as the words of a call."""

    language: str
    name: str
    mail: Rendered
    call: str


@require_safe
@needs(Permission.MANAGE_CLINIC)
def wordings(request: StaffRequest, site: UUID) -> HttpResponse:
    """Every kind of message, when it goes out, and which have words of the site's own."""
    place = scope.site_or_404(request.user, site)
    own: dict[str, list[str]] = {}
    for row in SiteWording.objects.filter(site=place):
        own.setdefault(row.kind, []).append(str(Language(row.language).label))
    kinds = [(kind, WHEN.get(kind, ""), own.get(kind, [])) for kind in Message.Kind]
    return render(request, "setup/wordings.html", {"site": place, "kinds": kinds, "every": own.get("", [])})


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def wording(request: StaffRequest, site: UUID, kind: str) -> HttpResponse:
    """The site's words for one kind. A POST with `look` shows the message as it would go out, and saves nothing."""
    place, stored = scope.site_or_404(request.user, site), _kind_or_404(kind)
    looking = "look" in request.POST
    form = WordingForm(
        request.POST if request.method == "POST" else None,
        kind=stored,
        initial=initial_words(place, stored),
        seen=changes.mark(changes.wording(place, stored)),
    )

    def save() -> None:
        verbs.save_wording(
            by=Actor.of(request.user),
            site=place,
            kind=stored,
            words=form.words,
            seen=form.cleaned_data.get("seen"),
        )

    asked = not looking and request.method == "POST" and form.is_valid() and form.ask_about_telling_words()
    if not looking and not asked and saves(request, form, save):
        messages.success(request, "Saved. Messages say so from now on.")
        return redirect("setup:wording", place.pk, kind)
    versions = _versions(place)
    context = {
        "site": place,
        "kind": kind,
        "title": Message.Kind(stored).label if stored else "every message",
        "when": WHEN.get(Message.Kind(stored), "") if stored else "added to each of them",
        "form": form,
        "placeholders": placeholders(stored).items(),
        "previews": _previews(place, stored, form, _chosen(request, versions)) if looking else [],
        "versions": versions,
        "chosen": request.POST.get("protocol", ""),
        "telling": form.telling if form.is_bound else [],
        "asked": asked,
    }
    if looking and request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        return render(request, "setup/_previews.html", context)
    return render(request, "setup/wording.html", context, status=HTTPStatus.OK if looking else form.status)


@xframe_options_sameorigin
@csp_replace(
    # A mail carries its styles on its elements. Nothing else may run or load, and only our own page may frame it.
    {"default-src": [NONE], "style-src": [UNSAFE_INLINE], "frame-ancestors": [SELF]}
)
@require_POST
@needs(Permission.MANAGE_CLINIC)
def mail(request: StaffRequest, site: UUID, kind: str, language: str) -> HttpResponse:
    """The HTML of the mail alone, for the frame that shows it, with the words as they are typed."""
    place, stored = scope.site_or_404(request.user, site), _kind_or_404(kind)
    if language not in Language.values:
        raise Http404
    form = WordingForm(request.POST, kind=stored)
    version = _chosen(request, _versions(place))
    with sample.taken_back():
        _put(place, stored, form)
        shown = sample.preview(place, stored or SHOWN_FOR_EVERY, language, version=version)
    return HttpResponse(shown.html)


def _kind_or_404(kind: str) -> str:
    if kind == EVERY:
        return ""
    if kind not in Message.Kind.values:
        raise Http404
    return kind


def _versions(site: Site) -> list[ProtocolVersion]:
    """The current versions of what the site offers, whose texts a preview can use."""
    found = ProtocolVersion.objects.filter(is_current=True, protocol__sites=site, protocol__is_active=True)
    return list(found.select_related("protocol").order_by("protocol__kind", "protocol__name"))


def _chosen(request: StaffRequest, versions: list[ProtocolVersion]) -> ProtocolVersion | None:
    wanted = request.POST.get("protocol", "")
    return next((version for version in versions if str(version.protocol_id) == wanted), None)


def _put(site: Site, kind: str, form: WordingForm) -> None:
    """Write what is typed, inside a preview that is taken back; what cannot be read is not shown."""
    if form.is_bound and form.is_valid():
        try:
            verbs.put(site, kind, form.words)
        except Refused:
            return


def _previews(site: Site, kind: str, form: WordingForm, version: ProtocolVersion | None) -> list[Preview]:
    found = []
    for language in Language:
        with sample.taken_back():
            _put(site, kind, form)
            message = sample.written(site, kind or SHOWN_FOR_EVERY, language.value, version=version)
            shown, call = sample.read_by(message, Channel.MAIL), sample.read_by(message, Channel.CALL)
        found.append(Preview(language.value, str(language.label), shown, call.kept))
    return found
