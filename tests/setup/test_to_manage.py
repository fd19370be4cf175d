"""A manager lands on what needs doing; each row has its one next action and is gone when that is done."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import Shift, StaffRole, User
from clinic.permissions import Role
from patients.models import Patient
from scheduling.models import Message
from tests.desk.pages import text
from tests.desk.waiting import told
from tests.factories import NOW, Clinic, make_clinic, make_patient, make_staff
from tests.scheduling.helpers import book


@pytest.fixture
def manager(manager: Client, harbor: Clinic) -> Client:
    """Everybody has chosen a password."""
    for member in harbor.site.staff.all():
        assert member.user is not None
        User.objects.filter(pk=member.user.pk).update(password=make_password("a-long-password-for-tests"))
    manager.force_login(User.objects.get(pk=harbor.by(Role.MANAGER).id))
    return manager


def landed(client: Client) -> str:
    """What the manager reads first."""
    return text(client.get("/", follow=True)).split("People Add")[0]


def test_where_all_is_well_it_says_so(manager: Client) -> None:
    assert "Nothing needs you now." in landed(manager)


def test_people_who_are_not_set_up_are_named_until_they_are(manager: Client, harbor: Clinic) -> None:
    new = make_staff(harbor.site, "Nina New", Role.NURSE, watch=4, shifts=False)
    assert "Nina New Cannot sign in yet: no password is chosen." in landed(manager)
    assert f"Nina New Has no shifts, at {harbor.site} or elsewhere" in landed(manager)
    assert reverse("setup:week", args=[harbor.site.pk, new.pk]) in manager.get("/", follow=True).content.decode()

    assert new.user is not None
    new.user.set_password("a-long-password-for-tests")
    new.user.save()
    Shift.objects.create(
        staff_member=new, site=harbor.site, weekday=0, starts="08:00", ends="16:00", valid_from=NOW.date()
    )
    assert "Nina New" not in landed(manager)

    StaffRole.objects.filter(staff_member=new).delete()
    assert "Nina New Has no role" in landed(manager)


@pytest.mark.parametrize(("days", "said"), [(10, True), (40, False)])
def test_shifts_that_end_soon_are_seen_ahead(manager: Client, harbor: Clinic, days: int, said: bool) -> None:
    last = NOW.date() + timedelta(days=days)
    Shift.objects.filter(staff_member=harbor.nurses[0]).update(valid_until=last)
    assert (f"The shifts at {harbor.site} end on" in landed(manager)) is said


def test_messages_that_failed_are_there(manager: Client, harbor: Clinic, patient: Patient) -> None:
    assert "message failed" not in landed(manager)
    told(harbor, patient, state=Message.State.FAILED)
    assert "1 message failed" in landed(manager)


def test_visits_without_cover_lead_to_their_rescue(manager: Client, harbor: Clinic, patient: Patient) -> None:
    book(harbor, patient)
    Shift.objects.filter(staff_member__in=harbor.nurses).update(valid_until=NOW.date())
    page = landed(manager)
    assert f"6 visits without cover at {harbor.site}" in page
    assert reverse("desk:rescue", args=[harbor.site.pk]) in manager.get("/", follow=True).content.decode()


def test_the_queries_do_not_grow_with_the_people(manager: Client, harbor: Clinic) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            landed(manager)
        return len(caught)

    make_staff(harbor.site, "Nina New", Role.NURSE, watch=4, shifts=False)
    queries()  # what is asked once in a while is asked
    few = queries()
    for number in range(10):
        make_staff(harbor.site, f"Nina {number}", Role.NURSE, watch=4, shifts=False)
    assert queries() == few


def test_the_queries_do_not_grow_with_the_sites(manager: Client, harbor: Clinic) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            landed(manager)
        return len(caught)

    def lose_the_nurses(clinic: Clinic) -> None:
        book(clinic, make_patient(clinic.site, cleared=True))
        Shift.objects.filter(staff_member__in=clinic.nurses).update(valid_until=NOW.date())

    lose_the_nurses(harbor)
    queries()
    few = queries()
    for name in ("Mesa", "Pier", "Dunes", "Kona"):
        other = make_clinic(name=name)
        other.site.staff.add(harbor.manager)
        lose_the_nurses(other)
    assert queries() == few
    rows = manager.get("/", follow=True).context["to_do"]
    assert [row.title.split(" at ")[0] for row in rows if row.page == "desk:rescue"] == ["6 visits without cover"] * 5


def test_a_site_where_nothing_can_be_booked_yet_says_what_comes_next(manager: Client, harbor: Clinic) -> None:
    harbor.site.opening_hours.all().delete()
    page = landed(manager)
    assert f"{harbor.site} cannot be booked yet Say when the site is open." in page
    assert "Nothing needs you now." not in page
