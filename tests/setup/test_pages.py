"""The set-up's pages: errors keep what was typed, visits in the way are shown with the way on, queries stay few."""

from datetime import time, timedelta

import pytest
from crispy_forms.utils import render_crispy_form
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.models import Closure, Resource, ResourceKind, ShiftException, Site, StaffMember
from clinic.permissions import Role
from scheduling import when
from scheduling.actions.setup import people
from scheduling.models import Appointment
from scheduling.selectors import weeks
from scheduling.selectors.readiness import steps_of
from scheduling.setup.base_forms import hours_text, read_hours
from scheduling.setup.site_forms import SiteForm
from scheduling.templatetags.look import stretch
from tests.desk.pages import text
from tests.factories import FIRST_DAY, Clinic, make_chair, make_clinic, make_patient, make_protocol, make_staff
from tests.scheduling.helpers import book


def booked(clinic: Clinic) -> Appointment:
    """One visit on the first day."""
    patient = make_patient(clinic.site, cleared=True, given_name="Ada", family_name="Quill")
    return book(clinic, patient, [clinic.at(FIRST_DAY, 9)], version=clinic.injection).appointments.get()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("8 a.m. to noon", [(time(8), time(12))]),
        ("8-12, 13-17:30", [(time(8), time(12)), (time(13), time(17, 30))]),
        ("8:30 to 5", [(time(8, 30), time(17))]),
        ("8 a.m. - 4 p.m.", [(time(8), time(16))]),
        ("13-18; 8-12", [(time(8), time(12)), (time(13), time(18))]),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, meant: list[tuple[time, time]]) -> None:
    assert read_hours(typed) == meant
    assert read_hours(hours_text(meant)) == meant


@pytest.mark.parametrize(
    ("typed", "words"),
    [("morning", "could not be read"), ("12-8", "ends before it starts"), ("8-12, 11-13", "overlap"), ("8-25", "read")],
)
def test_hours_that_make_no_sense_are_refused_in_words(typed: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        read_hours(typed)


def test_visits_in_the_way_are_listed_with_the_way_on_and_may_be_accepted_by_name(
    manager: Client, harbor: Clinic
) -> None:
    visit = booked(harbor)
    address = reverse("setup:hours", args=[harbor.site.pk])
    typed = {f"day_{day}": "11-18" for day in range(5)}
    page = manager.post(address, typed)
    assert page.status_code == 422
    words = text(page)
    assert "1 booked visit would lose its cover by this" in words
    assert "Ada Quill" in words
    html = page.content.decode()
    assert reverse("desk:move", args=[visit.pk]) in html
    assert reverse("desk:cancel", args=[visit.pk]) in html
    assert 'value="11-18"' in html, "nothing typed is lost"
    assert "Say why" in text(manager.post(address, typed | {"accepted": str(visit.pk)}))
    done = manager.post(address, typed | {"accepted": str(visit.pk), "reason": "she knows"})
    assert done.status_code == 302
    visit.refresh_from_db()
    assert visit.status_reason == "Stays without cover: she knows"


def test_a_site_whose_name_says_the_treatment_has_to_be_meant_so(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:site", args=[harbor.site.pk])
    form = manager.get(address).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields if name not in {"seen", "accepted", "reason"}}
    typed |= {"send_from": "08:00", "send_until": "20:00", "neutral_name": "Albany Pain Relief", "is_active": "on"}
    typed.pop("meant_so")
    page = manager.post(address, typed)
    assert page.status_code == 422
    assert "“Pain” may tell whoever sees the message" in text(page)
    assert "The neutral name is meant so" in text(page)
    assert manager.post(address, typed | {"meant_so": "on"}).status_code == 302
    assert Site.objects.get(pk=harbor.site.pk).neutral_name == "Albany Pain Relief"
    wrong = typed | {"neutral_name": "Quay", "holiday_region": "Bavaria", "phone": "12"}
    words = text(manager.post(address, wrong))
    assert "No holidays are known for “Bavaria”. Known here: " in words
    assert "no telephone number that can be called" in words


def test_a_closure_is_planned_and_taken_back(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:closures", args=[harbor.site.pk])
    assert "Memorial Day" in text(manager.get(address))
    day = FIRST_DAY + timedelta(days=3)
    typed = {"what": "site", "first": day.isoformat(), "last": day.isoformat(), "reason": "staff outing"}
    assert manager.post(address, typed).status_code == 302
    closure = Closure.objects.get()
    assert (closure.starts, closure.ends) == clock.day_bounds(day, harbor.site.zone)
    assert f"{when.short_day(day)} · staff outing" in text(manager.get(address))
    manager.post(reverse("setup:closure_end", args=[closure.pk]))
    assert not Closure.objects.exists()


def test_a_closure_names_hours_only_where_it_has_them(harbor: Clinic) -> None:
    zone, day = harbor.site.zone, FIRST_DAY
    (begins, ends), (_, next_ends) = clock.day_bounds(day, zone), clock.day_bounds(day + timedelta(days=1), zone)
    nine, noon = harbor.at(day, 9), harbor.at(day, 12)
    first, last = when.short_day(day), when.short_day(day + timedelta(days=1))

    assert stretch(Closure(starts=begins, ends=ends), zone) == first
    assert stretch(Closure(starts=begins, ends=next_ends), zone) == f"{first} to {last}"
    assert stretch(Closure(starts=nine, ends=noon), zone) == f"{first}, 9 a.m. to noon"
    assert stretch(Closure(starts=nine, ends=next_ends), zone) == f"{first}, 9 a.m. to {last}, midnight"


def test_a_holiday_is_ticked_open(manager: Client, harbor: Clinic) -> None:
    manager.post(reverse("setup:holidays", args=[harbor.site.pk]), {"open_on": ["Columbus Day"]})
    assert Site.objects.get(pk=harbor.site.pk).open_holidays == ["Columbus Day"]


def test_days_away_of_a_nurse_whose_visits_others_take_over_are_saved(manager: Client, harbor: Clinic) -> None:
    visit = booked(harbor)
    nurse = StaffMember.objects.get(resource__in=visit.holds.values("resource"), role_rows__role=Role.NURSE)
    address = reverse("setup:away", args=[harbor.site.pk, nurse.pk])
    typed = {"first": FIRST_DAY.isoformat(), "last": FIRST_DAY.isoformat(), "reason": "holidays"}
    assert manager.post(address, typed).status_code == 302
    assert Closure.objects.get().resource == nurse.resource
    week = weeks.week_at(harbor.site, weeks.monday_of(FIRST_DAY))
    cell = next(row for row in week.rows if row.member == nurse).cells[FIRST_DAY.weekday()]
    assert (cell.stretches, cell.note, cell.differs) == ((), "holidays", True)
    assert week.cover[FIRST_DAY.weekday()].nurses == (1, 1)


def test_other_hours_on_one_day_are_set_and_taken_back(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:one_day", args=[harbor.site.pk, harbor.nurses[0].pk])
    typed = {"day": FIRST_DAY.isoformat(), "hours": "10-14", "reason": "training"}
    assert manager.post(address, typed).status_code == 302
    assert ShiftException.objects.get().starts == time(10)
    shown = manager.get(reverse("setup:shifts", args=[harbor.site.pk]), {"week": FIRST_DAY.isoformat()})
    assert "10 a.m.–2 p.m. training" in text(shown)  # noqa: RUF001 -- as it stands there
    manager.post(address, typed | {"take_back": "1"})
    assert not ShiftException.objects.exists()


def test_the_week_of_a_colleague_is_copied_in_and_nothing_is_saved_yet(manager: Client, harbor: Clinic) -> None:
    new = make_staff(harbor.site, "New Nurse", Role.NURSE, watch=2, shifts=False)
    address = reverse("setup:week", args=[harbor.site.pk, new.pk])
    page = manager.get(address, {"like": str(harbor.nurses[0].pk)})
    assert page.context["form"]["day_0"].value() == "8am-6pm"
    assert not new.shifts.exists()


def test_a_link_is_shown_once_and_not_on_the_page_afterwards(manager: Client, harbor: Clinic) -> None:
    member = people.add_person(
        by=harbor.by(Role.MANAGER),
        values={"name": "Grace Lind", "roles": [Role.FRONT_DESK], "sites": [harbor.site], "watch": 0}
        | {"travel_minutes": 0, "username": "grace", "email": ""},
    )
    shown = manager.post(reverse("setup:sign_in_link", args=[member.pk]))
    assert f"/accounts/welcome/{member.user_id}/" in text(shown)
    later = manager.get(reverse("setup:person", args=[member.pk]))
    assert "/accounts/welcome/" not in later.content.decode()
    assert "no password is chosen yet" in text(later)


def test_what_a_site_still_lacks_is_said_in_order(harbor: Clinic) -> None:
    today = clock.today(harbor.site.zone)
    assert all(step.is_done for step in steps_of([harbor.site], today)[harbor.site.pk])
    bare = Site.objects.create(name="Bare", neutral_name="Bare", time_zone="America/New_York", phone="1", city="x")
    lacks = [step.lacks for step in steps_of([bare], today)[bare.pk]]
    assert lacks[0] == "Say when the site is open."
    assert lacks[1] == "Add the chairs or beds."
    assert "nurse, doctor, front desk" in lacks[2]
    assert lacks[4] == "Not offered here yet: consult, infusion series."


def test_a_protocol_that_can_never_take_place_at_a_site_is_named(harbor: Clinic) -> None:
    phases = (("infuse", 30, (("chair", "whole", 1), ("nurse", "watch", 5), ("monitor", "whole", 1))),)
    make_protocol([harbor.site], "Too much", phases)
    today = clock.today(harbor.site.zone)
    (lacks,) = [step.lacks for step in steps_of([harbor.site], today)[harbor.site.pk] if not step.is_done]
    assert lacks == "Too much needs a monitor, and there is none."
    Resource.objects.create(site=harbor.site, kind=ResourceKind.MONITOR, name="Monitor")
    (lacks,) = [step.lacks for step in steps_of([harbor.site], today)[harbor.site.pk] if not step.is_done]
    assert lacks == "Too much takes 5 of a nurse's watch, and no nurse here may watch so many."


def _more_people(clinic: Clinic) -> None:
    for number in range(9):
        make_staff(clinic.site, f"Extra {number}", Role.NURSE, watch=1)
        make_chair(clinic.site, f"Extra {number}")


@pytest.mark.parametrize("page", ["home", "people", "shifts", "places", "protocols"])
def test_the_number_of_queries_does_not_grow_with_the_rows(manager: Client, harbor: Clinic, page: str) -> None:
    address = reverse(f"setup:{page}", args=[harbor.site.pk] if page in {"shifts", "places"} else [])

    def queries() -> int:
        manager.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert manager.get(address).status_code == 200
        return len(captured)

    make_clinic(name="Pier").site.staff.add(harbor.manager)
    few = queries()
    _more_people(harbor)
    for number in range(4):
        make_protocol([harbor.site], f"Extra {number}", (("talk", 30, (("doctor", "hands", 1),)),), kind="consult")
    assert queries() == few


def test_every_field_of_a_site_is_on_one_of_its_pages() -> None:
    form = SiteForm(instance=Site())
    columns = {one.name for one in Site._meta.concrete_fields}
    assert columns - {"id", "open_holidays"} <= {*form.fields, "is_active"}
    html = render_crispy_form(form)
    assert all(f'name="{name}"' in html for name in form.Meta.fields if name in form.fields)
