"""The earlier-time list: who waits, which free times would suit somebody, and what was offered."""

from datetime import datetime
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.opening import opened
from clinic.permissions import Permission
from clinic.rates import SEARCHES, limited
from clinic.views import StaffRequest, form_status, needs, refuse
from patients.callers import PATIENT
from scheduling.actions import earlier as actions
from scheduling.actions import earlier_answers
from scheduling.desk.caller_form import asked_by, with_caller
from scheduling.desk.earlier_forms import AnswerForm, EndForm, OfferForm, WishForm, last_day, suggested
from scheduling.desk.sites import visit_or_404
from scheduling.models import EarlierWish, Invitation, Offer
from scheduling.selectors.earlier import Chance, Looking, chances_of, wishes_of, with_invitations, worth_offering
from scheduling.when import day_words, full_stop, time_words


@require_safe
@needs(Permission.BOOK)
def earlier(request: StaffRequest) -> HttpResponse:
    """Free times that somebody could have, the times offered and not answered, and everybody on the list."""
    now = clock.now()
    chances = chances_of(request.user, now)
    first = worth_offering(chances)
    offers = Offer.objects.for_user(request.user).earlier_times()
    context = {
        "chances": first,
        "later": [chance for chance in chances if chance not in first],
        "offers": list(with_invitations(offers.filter(status=Offer.Status.OPEN, expires_at__gt=now))),
        "wishes": wishes_of(request.user, now),
        "now": now,
    }
    return render(request, "desk/earlier/list.html", context)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
@limited(SEARCHES)
def earlier_time(request: StaffRequest, site: UUID, cell: int) -> HttpResponse:
    """Who could have one free time, best first; a POST asks those who are ticked."""
    place = get_object_or_404(Site.objects.for_user(request.user), pk=site)
    now, starts = clock.now(), clock.of_cell(cell)
    looking = Looking(place, now, days=[clock.local(starts, place.zone).date()])
    chances = looking.at(starts)
    fits = [fit for chance in chances for fit in chance.fits]
    form = OfferForm(
        request.POST or None,
        wishes=[fit.wish for fit in fits],
        minutes=place.offer_minutes,
        initial={"key": uuid4(), "wishes": [str(fit.wish.pk) for fit in fits[:1]]},
    )
    if request.method == "POST" and form.is_valid():
        made = _offer(request, place, starts, form, chances)
        if made is not None:
            when = f"{day_words(starts, place.zone)}, {time_words(starts, place.zone)}"
            until = f"{day_words(made.expires_at, place.zone)}, {time_words(made.expires_at, place.zone)}"
            messages.success(request, f"Offered, and held until {until}: {when}")
            return redirect("desk:earlier_offer", made.pk)
    context = {
        "site": place,
        "starts": starts,
        "chances": chances,
        "ticked": [str(one) for one in form["wishes"].value() or ()],
        "others": looking.others(starts),
        "form": form,
    }
    return render(request, "desk/earlier/time.html", context, status=form_status(form))


def _offer(request: StaffRequest, site: Site, starts: datetime, form: OfferForm, chances: list[Chance]) -> Offer | None:
    """The offer that the form asks for; None, with the sentence on the form, when it was refused."""
    chosen = set(form.cleaned_data["wishes"])
    try:
        return actions.offer_time(
            by=Actor.of(request.user),
            site=site,
            starts=starts,
            wishes=[fit.wish for chance in chances for fit in chance.fits if fit.wish.pk in chosen],
            minutes=form.cleaned_data["minutes"],
            key=form.cleaned_data["key"],
        )
    except Refused as error:
        refuse(form, error)
        return None


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def earlier_wish(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Put a visit on the list with the hours that suit, or change them."""
    visit = visit_or_404(request.user, pk)
    wish = EarlierWish.objects.waiting().filter(appointment=visit).first()
    initial = WishForm.standing(wish) if wish is not None else suggested(visit)
    form = with_caller(WishForm(request.POST if request.method == "POST" else None, initial=initial), visit.patient)
    if request.method == "POST" and form.is_valid():
        try:
            actions.wish_sooner(
                by=asked_by(request.user, form, visit.patient),
                appointment=visit,
                hours=form.hours(),
                not_before=form.cleaned_data["not_before"],
                note=form.cleaned_data["note"],
            )
        except Refused as error:
            refuse(form, error)
        else:
            messages.success(request, f"{visit.patient.name} is on the earlier-time list.")
            return redirect("desk:earlier")
    context = {"visit": visit, "site": visit.site, "wish": wish, "form": form, "last_day": last_day(visit)}
    return render(request, "desk/earlier/wish.html", context, status=form_status(form))


@require_POST
@needs(Permission.BOOK)
def earlier_end(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Take a visit off the list."""
    wishes = EarlierWish.objects.for_user(request.user).select_related("appointment", "patient")
    wish = get_object_or_404(wishes, pk=pk)
    form = EndForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    actions.end_wish(by=Actor.of(request.user), wish=wish, reason=reason)
    messages.success(request, f"{wish.patient.name} is no longer on the list; the visit stays as it is.")
    return redirect("desk:earlier")


@require_safe
@needs(Permission.BOOK)
def earlier_offer(request: StaffRequest, pk: UUID) -> HttpResponse:
    """One offered time: who was asked, what they said, and the words to write an answer down."""
    offer = _offer_or_404(request, pk)
    invitations = offer.invitations.select_related("patient", "appointment__site", "appointment__series", "wish")
    context = {
        "offer": offer,
        "site": offer.site,
        "starts": offer.first_start,
        "rows": [(opened(one), _answer_form(one)) for one in invitations.prefetch_related("patient__contacts")],
        "is_open": offer.status == Offer.Status.OPEN and offer.expires_at > clock.now(),
    }
    return render(request, "desk/earlier/offer.html", context)


@require_http_methods(["GET", "POST"])
@needs(Permission.BOOK)
def earlier_answer(request: StaffRequest, pk: UUID) -> HttpResponse:
    """Write down what somebody said on the telephone; a GET leads to the offer, where the buttons are."""
    found = Invitation.objects.for_user(request.user).select_related(
        "offer__site", "patient", "appointment__site", "appointment__patient", "appointment__protocol_version"
    )
    invitation = get_object_or_404(found, pk=pk)
    if request.method == "GET":
        return redirect("desk:earlier_offer", invitation.offer_id)
    form = _answer_form(invitation, request.POST)
    try:
        if not form.is_valid():
            raise Refused("Say whether the answer was yes or no, and who gave it. Nothing was changed.")
        by = asked_by(request.user, form, invitation.patient)
        if form.cleaned_data["answer"] == "yes":
            moved = earlier_answers.accept(by=by, invitation=invitation)
            when = f"{day_words(moved.starts, moved.site.zone)}, {time_words(moved.starts, moved.site.zone)}"
            others = invitation.offer.invitations.exclude(pk=invitation.pk).filter(status=Invitation.Status.TAKEN)
            told = f"{when}; the others are told that the time is taken." if others.exists() else full_stop(when)
            said = f"{invitation.patient.name} comes on {told}"
        else:
            earlier_answers.decline(by=by, invitation=invitation)
            said = f"{invitation.patient.name} keeps the visit as it is."
        messages.success(request, said)
    except Refused as error:
        messages.error(request, error.message)
    return redirect("desk:earlier_offer", invitation.offer_id)


@require_POST
@needs(Permission.BOOK)
def earlier_take_back(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The time is needed otherwise: it is free at once."""
    offer = _offer_or_404(request, pk)
    try:
        earlier_answers.take_back(by=Actor.of(request.user), offer=offer)
        messages.success(request, "The offer is taken back; its time is free again, and who was asked is told.")
    except Refused as error:
        messages.error(request, error.message)
    return redirect("desk:earlier")


def _answer_form(invitation: Invitation, data: QueryDict | None = None) -> AnswerForm:
    """The answer and who gave it: the patient, where nobody says otherwise."""
    return with_caller(AnswerForm(data, auto_id=f"{invitation.pk}-%s"), invitation.patient, PATIENT)


def _offer_or_404(request: StaffRequest, pk: UUID) -> Offer:
    offers = Offer.objects.for_user(request.user).earlier_times()
    return get_object_or_404(offers.select_related("site", "protocol_version__protocol"), pk=pk)
