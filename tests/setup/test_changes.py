"""What a manager changes: written once, told to the second of two, and stranding nobody."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator

from clinic import clock
from clinic.errors import NotAllowed, Refused
from clinic.models import Resource, Shift, ShiftException, StaffMember, User
from clinic.permissions import Role
from scheduling.actions.cover import StrandsVisits
from scheduling.actions.setup import people, places, sites, week
from scheduling.actions.setup.seen import ChangedMeanwhile
from scheduling.selectors import changes, weeks
from scheduling.selectors.local_days import holiday_name
from tests.clinic.signing import is_in, sign_in
from tests.factories import FIRST_DAY, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book

DAY: list[tuple[time, time]] = [(time(8), time(18))]
WORKING_WEEK = dict.fromkeys(range(5), DAY)


def booked(clinic: Clinic, hour: int = 9) -> Any:
    """One visit on the first day."""
    patient = make_patient(clinic.site, cleared=True, given_name="Ada", family_name="Quill")
    return book(clinic, patient, [clinic.at(FIRST_DAY, hour)], version=clinic.injection).appointments.get()


def person_values(clinic: Clinic, member: StaffMember, **other: Any) -> dict[str, Any]:
    """What the form about a person sends when nothing is changed but `other`."""
    assert member.user is not None
    values = {
        "name": member.name,
        "roles": list(member.role_rows.values_list("role", flat=True)),
        "sites": list(member.sites.all()),
        "watch": member.watch_limit,
        "travel_minutes": 60,
        "username": member.user.username,
        "email": "",
        "is_active": True,
    }
    return values | other


def test_another_time_zone_under_what_is_booked_is_refused_by_name(harbor: Clinic) -> None:
    booked(harbor)
    by = harbor.by(Role.MANAGER)
    with pytest.raises(StrandsVisits, match="Ada Quill") as refused:
        sites.change_site(by=by, site=harbor.site, values={"time_zone": "Asia/Tokyo"})
    harbor.site.refresh_from_db()
    assert harbor.site.time_zone == "America/New_York"
    (lost,) = refused.value.lost
    sites.change_site(
        by=by, site=harbor.site, values={"time_zone": "Asia/Tokyo"}, accepted=[lost.id], reason="we move house"
    )
    harbor.site.refresh_from_db()
    assert harbor.site.time_zone == "Asia/Tokyo"


def test_the_second_of_two_managers_is_told_what_changed_and_by_whom(harbor: Clinic) -> None:
    by = harbor.by(Role.MANAGER)
    seen = changes.mark(changes.site_details(harbor.site))
    sites.change_site(by=by, site=harbor.site, values={"phone": "+15185550177"}, seen=seen)
    with pytest.raises(ChangedMeanwhile, match=r"Mona Reyes changed “telephone” \(now \+15185550177\)") as told:
        sites.change_site(by=by, site=harbor.site, values={"city": "Troy"}, seen=seen)
    harbor.site.refresh_from_db()
    assert harbor.site.city == "Albany"
    sites.change_site(by=by, site=harbor.site, values={"city": "Troy"}, seen=told.value.mark)
    harbor.site.refresh_from_db()
    assert (harbor.site.city, harbor.site.phone) == ("Troy", "+15185550177")


def test_without_the_mark_the_first_change_would_be_overwritten_unseen(harbor: Clinic) -> None:
    """Control: the mark is what keeps it."""
    by = harbor.by(Role.MANAGER)
    sites.change_site(by=by, site=harbor.site, values={"phone": "+15185550177"})
    sites.change_site(by=by, site=harbor.site, values={"phone": "+15185550100"}, seen=None)
    harbor.site.refresh_from_db()
    assert harbor.site.phone == "+15185550100"


def test_a_site_with_visits_stays_in_use(harbor: Clinic) -> None:
    booked(harbor)
    with pytest.raises(Refused, match="1 visit is still booked at Harbor"):
        sites.change_site(by=harbor.by(Role.MANAGER), site=harbor.site, values={"is_active": False})


def test_hours_that_close_the_door_on_a_visit_are_refused_and_seen_by_the_other_manager(harbor: Clinic) -> None:
    by = harbor.by(Role.MANAGER)
    seen = changes.mark(changes.opening_week(harbor.site))
    booked(harbor)
    late = {day: [(time(11), time(18))] for day in range(5)}
    with pytest.raises(StrandsVisits, match="Ada Quill"):
        sites.set_opening_week(by=by, site=harbor.site, week=late, seen=seen)
    wide = {day: [(time(7), time(12)), (time(13), time(19))] for day in range(6)}
    sites.set_opening_week(by=by, site=harbor.site, week=wide, seen=seen)
    assert harbor.site.opening_hours.count() == 12
    with pytest.raises(ChangedMeanwhile, match="Mona Reyes changed"):
        sites.set_opening_week(by=by, site=harbor.site, week=WORKING_WEEK, seen=seen)
    with pytest.raises(Refused, match="overlap"):
        sites.set_opening_week(by=by, site=harbor.site, week={0: [(time(8), time(12)), (time(11), time(13))]})


def test_a_site_is_open_on_the_holidays_it_names_every_year(harbor: Clinic) -> None:
    by, columbus = harbor.by(Role.MANAGER), date(2027, 10, 11)
    assert holiday_name(harbor.site, columbus)
    open_site = sites.set_open_holidays(by=by, site=harbor.site, names=["Columbus Day", "Independence Day"])
    assert holiday_name(open_site, columbus) == ""
    assert holiday_name(open_site, date(2028, 10, 9)) == ""
    assert holiday_name(open_site, date(2027, 7, 5)) == "", "the day on which it is observed, too"
    assert holiday_name(open_site, date(2027, 12, 25)) == "Christmas Day"


def test_closing_again_on_a_holiday_with_visits_names_them(harbor: Clinic) -> None:
    by, memorial = harbor.by(Role.MANAGER), date(2027, 5, 31)
    site = sites.set_open_holidays(by=by, site=harbor.site, names=["Memorial Day"])
    patient = make_patient(site, cleared=True, given_name="Ada", family_name="Quill")
    book(harbor, patient, [harbor.at(memorial, 9)], version=harbor.injection, site=site, first_day=memorial)
    with pytest.raises(StrandsVisits, match="Ada Quill"):
        sites.set_open_holidays(by=by, site=site, names=[])


def test_places_get_the_next_free_numbers_and_stay_in_order(harbor: Clinic) -> None:
    by = harbor.by(Role.MANAGER)
    made = places.add_places(by=by, site=harbor.site, kind="recliner", name="Chair", count=2)
    assert [one.name for one in made] == ["Chair 4", "Chair 5"]
    with pytest.raises(Refused, match="There is a “chair 4” at Harbor already"):
        places.add_places(by=by, site=harbor.site, kind="bed", name="chair 4")
    places.order_places(by=by, site=harbor.site, order=[made[1].public_id])
    names = Resource.objects.filter(site=harbor.site).order_by("position").values_list("name", flat=True)
    assert list(names) == ["Chair 5", "Chair 1", "Chair 2", "Chair 3", "Chair 4"]


def test_a_chair_with_a_visit_is_renamed_but_not_taken_away(harbor: Clinic) -> None:
    clinic = make_clinic(name="Pier", chairs=1)
    booked(clinic)
    by, chair = clinic.by(Role.MANAGER), clinic.chairs[0]
    places.change_place(by=by, place=chair, name="Window", kind="recliner", in_use=True)
    with pytest.raises(StrandsVisits):
        places.change_place(by=by, place=chair, name="Window", kind="recliner", in_use=False)
    with pytest.raises(Refused, match="stays a recliner"):
        places.change_place(by=by, place=chair, name="Window", kind="bed", in_use=True)
    chair.refresh_from_db()
    assert (chair.name, chair.is_active) == ("Window", True)


def test_a_person_is_added_chooses_a_password_by_a_link_that_works_once(harbor: Clinic, client: Any) -> None:
    by = harbor.by(Role.MANAGER)
    values = {
        **{"name": "Grace Lind", "roles": [Role.NURSE], "sites": [harbor.site], "watch": 3, "travel_minutes": 30},
        **{"username": "grace", "email": ""},
    }
    member = people.add_person(by=by, values=values)
    assert (member.watch_limit, member.resource.name) == (3, "Grace Lind")
    assert member.user is not None
    assert not member.user.has_usable_password()
    old = people.make_sign_in_link(by=by, member=member)
    token = people.make_sign_in_link(by=by, member=member)
    link = f"/accounts/welcome/{member.user_id}/"
    assert client.get(f"{link}{old}/").status_code == 404, "a newer link ends the older one"
    assert client.get(f"{link}{token}/").status_code == 200
    short = client.post(f"{link}{token}/", {"new_password1": "short", "new_password2": "short"})
    assert short.status_code == 422
    password = "seven wise old herons"
    done = client.post(f"{link}{token}/", {"new_password1": password, "new_password2": password})
    assert done["Location"] == "/accounts/login/"
    sign_in(client, member.user, password)
    assert is_in(client)
    assert client.get(f"{link}{token}/").status_code == 404
    fresh = User.objects.get(username="grace")
    assert fresh.invited_at is None
    assert not default_token_generator.check_token(fresh, token)


def test_two_people_do_not_share_a_username_and_a_nurse_watches_somebody(harbor: Clinic) -> None:
    by, clerk = harbor.by(Role.MANAGER), harbor.clerk
    assert clerk.user is not None
    new = {"name": "Twin", "roles": [Role.NURSE], "sites": [harbor.site], "watch": 0, "travel_minutes": 0, "email": ""}
    with pytest.raises(Refused, match="how many patients"):
        people.add_person(by=by, values=new | {"username": ""})
    with pytest.raises(Refused, match="Somebody else signs in as"):
        people.add_person(by=by, values=new | {"watch": 1, "username": clerk.user.username.upper()})
    assert not StaffMember.objects.filter(name="Twin").exists()


def test_letting_a_nurse_go_names_the_visits_that_nobody_can_take_over(harbor: Clinic) -> None:
    clinic = make_clinic(name="Pier", nurses=1)
    booked(clinic)
    by, nurse = clinic.by(Role.MANAGER), clinic.nurses[0]
    order: dict[str, Any] = {"by": by, "member": nurse, "sites_in_view": [clinic.site]}
    for other in ({"is_active": False}, {"roles": [Role.FRONT_DESK]}, {"sites": [harbor.site]}):
        with pytest.raises(StrandsVisits):
            people.change_person(**order, values=person_values(clinic, nurse, **other))
    people.change_person(**order, values=person_values(clinic, nurse, watch=2, name="Nurse One"))
    nurse.refresh_from_db()
    assert (nurse.name, nurse.resource.capacity) == ("Nurse One", 3)


def test_a_nurse_whose_visits_others_can_take_over_may_go(harbor: Clinic) -> None:
    visit = booked(harbor)
    holder = StaffMember.objects.get(resource__in=visit.holds.values("resource"), role_rows__role=Role.NURSE)
    by = harbor.by(Role.MANAGER)
    people.change_person(
        by=by, member=holder, sites_in_view=[harbor.site], values=person_values(harbor, holder, is_active=False)
    )
    assert not visit.holds.filter(resource=holder.resource).exists()
    assert visit.holds.exists()


def test_the_last_manager_keeps_the_role(harbor: Clinic) -> None:
    by = harbor.by(Role.MANAGER)
    values = person_values(harbor, harbor.manager, roles=[Role.FRONT_DESK])
    with pytest.raises(Refused, match="The clinic needs a manager"):
        people.change_person(by=by, member=harbor.manager, sites_in_view=[harbor.site], values=values)


def test_a_new_week_keeps_the_past_and_is_refused_under_visits(harbor: Clinic) -> None:
    clinic = make_clinic(name="Pier", nurses=1)
    booked(clinic)
    by, nurse, today = clinic.by(Role.MANAGER), clinic.nurses[0], clock.today(clinic.site.zone)
    later = {day: [(time(12), time(18))] for day in range(5)}
    order: dict[str, Any] = {"by": by, "member": nurse, "site": clinic.site}
    with pytest.raises(StrandsVisits):
        week.set_week(**order, week=later, first_day=today)
    start = FIRST_DAY + timedelta(days=1)
    week.set_week(**order, week=later | {0: DAY}, first_day=start)
    assert weeks.pattern_of(nurse, clinic.site, FIRST_DAY)[1] == DAY
    assert weeks.pattern_of(nurse, clinic.site, start)[2] == [(time(12), time(18))]
    assert weeks.changes_ahead(nurse, clinic.site, today) == [start]
    assert Shift.objects.filter(staff_member=nurse, weekday=0).count() == 1, "a day that stays is not touched"
    with pytest.raises(Refused, match="past days"):
        week.set_week(**order, week=later, first_day=today - timedelta(days=1))


def test_nobody_works_in_two_places_at_one_time(harbor: Clinic) -> None:
    pier = make_clinic(name="Pier")
    nurse = harbor.nurses[0]
    nurse.sites.add(pier.site)
    with pytest.raises(Refused, match=r"works at Harbor on Tuesdays, 8 a\.m\. to 6 p\.m\."):
        week.set_week(
            by=harbor.by(Role.MANAGER),
            member=nurse,
            site=pier.site,
            week={1: [(time(17), time(19))], 5: [(time(9), time(12))]},
            first_day=FIRST_DAY,
        )


def test_taking_back_extra_hours_with_a_visit_in_them_names_it(harbor: Clinic) -> None:
    clinic = make_clinic(name="Pier", nurses=1)
    nurse, by = clinic.nurses[0], clinic.by(Role.MANAGER)
    Shift.objects.filter(staff_member=nurse, weekday=FIRST_DAY.weekday()).delete()
    ShiftException.objects.create(staff_member=nurse, site=clinic.site, date=FIRST_DAY, starts=time(8), ends=time(18))
    booked(clinic)
    with pytest.raises(StrandsVisits):
        week.remove_exception(by=by, member=nurse, site=clinic.site, day=FIRST_DAY)
    assert ShiftException.objects.exists()


def test_only_who_runs_the_clinic_changes_it(harbor: Clinic) -> None:
    clerk = harbor.by(Role.FRONT_DESK)
    jobs = (
        lambda: sites.change_site(by=clerk, site=harbor.site, values={"city": "Troy"}),
        lambda: places.add_places(by=clerk, site=harbor.site, kind="bed", name="Bed"),
        lambda: people.make_sign_in_link(by=clerk, member=harbor.clerk),
        lambda: week.set_week(by=clerk, member=harbor.clerk, site=harbor.site, week={}, first_day=FIRST_DAY),
    )
    for job in jobs:
        with pytest.raises(NotAllowed):
            job()
