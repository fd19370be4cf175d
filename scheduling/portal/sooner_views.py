"""A patient asks to come sooner if a time comes free: on the earlier-time list, and off it again."""

from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from clinic import clock
from clinic.errors import Refused
from scheduling import wishes as wishes_json
from scheduling.actions import earlier
from scheduling.models import Appointment, EarlierWish, Link
from scheduling.planner.values import Windows
from scheduling.portal.change_forms import ChangeForm
from scheduling.portal.presenters import VisitCard, visit_card
from scheduling.portal.selectors import visits_to_come
from scheduling.portal.visitor import Visitor, opened
from scheduling.selectors.earlier import TO_ANSWER, latest_answer

PATIENT = Link.Purpose.PATIENT


class SoonerForm(ChangeForm):
    """The days and hours that suit, as for another time; what is asked is said by the page."""

    words = forms.CharField(
        label=gettext_lazy("Anything else we should know?"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "form-control"}),
    )

    @staticmethod
    def standing(wish: EarlierWish | None) -> dict[str, Any]:
        """What was said before, as the form shows it: the days, and the hours where they are those of every day."""
        if wish is None:
            return {}
        said: dict[str, Any] = {"first_day": wish.not_before, "words": wish.note}
        can = wishes_json.from_json(wish.hours).patient_can
        if not can:
            return said
        begin, end = min(one[0][0] for one in can.values()), max(one[-1][1] for one in can.values())
        said["days"] = sorted(can)
        said["begin"] = _wall(begin) if begin else None
        said["end"] = _wall(end) if end < wishes_json.MINUTES_IN_A_DAY else None
        return said


@dataclass(frozen=True, slots=True)
class SoonerCard:
    """One visit that could come sooner; `since` is when it was put on the list, None where it is not on it."""

    visit: VisitCard
    since: datetime | None


def could_come_sooner(visit: Appointment, now: datetime) -> bool:
    """Whether an earlier time could still be offered in time to answer, to fast and to find a driver."""
    return visit.status == Appointment.Status.BOOKED and now + TO_ANSWER < latest_answer(visit, visit.starts)


def sooner_cards(visits: list[Appointment], now: datetime) -> list[SoonerCard]:
    """The next visit that could come sooner, and any that is on the list already. One query."""
    able = [visit for visit in visits if could_come_sooner(visit, now)]
    since = dict(EarlierWish.objects.waiting().filter(appointment__in=able).values_list("appointment_id", "created_at"))
    return [SoonerCard(visit_card(one), since.get(one.pk)) for one in able if one.pk in since or one is able[0]]


@opened(PATIENT)
@require_http_methods(["GET", "HEAD", "POST"])
def sooner(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """The hours that suit for an earlier time; a POST puts the visit on the list, again changes them."""
    found = _visit_or_404(visitor, visit)
    wish = EarlierWish.objects.waiting().filter(appointment=found).first()
    initial = SoonerForm.standing(wish)
    form = SoonerForm(request.POST if request.method == "POST" else None, visit=found, initial=initial)
    if form.is_valid() and _put_on_list(request, visitor, found, form, wish):
        return redirect("portal:home")
    return render(
        request,
        "portal/sooner.html",
        {"visitor": visitor, "form": form, "card": visit_card(found), "site": found.site, "on_list": wish is not None},
        status=422 if form.errors else 200,
    )


@opened(PATIENT)
@require_POST
def not_sooner(request: HttpRequest, visitor: Visitor, visit: UUID) -> HttpResponse:
    """Off the list again; twice is the same as once."""
    wish = EarlierWish.objects.waiting().filter(patient=visitor.patient, appointment=visit).first()
    if wish is not None:
        earlier.end_wish(by=visitor.by, wish=wish, reason="Taken off on the patient's own page.")
    messages.success(request, _("Your visit stays as it is. We no longer look for an earlier time."))
    return redirect("portal:home")


def _visit_or_404(visitor: Visitor, key: UUID) -> Appointment:
    now = clock.now()
    for visit in visits_to_come(visitor.patient, now):
        if visit.pk == key and could_come_sooner(visit, now):
            return visit
    raise Http404


def _put_on_list(
    request: HttpRequest, visitor: Visitor, visit: Appointment, form: SoonerForm, wish: EarlierWish | None
) -> bool:
    said = form.cleaned_data
    try:
        earlier.wish_sooner(
            by=visitor.by,
            appointment=visit,
            hours=replace(form.wishes(), driver_can=_driver_can(visit, wish)),
            not_before=said["first_day"],
            note=said["words"],
        )
    except Refused as error:
        form.add_error({"not_before": "first_day"}.get(error.field or ""), error.message)
        return False
    messages.success(request, _("You are on the list. We tell you when an earlier time is free; your visit stays."))
    return True


def _driver_can(visit: Appointment, wish: EarlierWish | None) -> Windows | None:
    """When somebody could drive, as it was said last: a patient who wants sooner is not asked that again."""
    said = wish.hours if wish is not None else (visit.series.wishes if visit.series is not None else {})
    return wishes_json.from_json(said).driver_can


def _wall(minute: int) -> time:
    return time(*divmod(minute, 60))
