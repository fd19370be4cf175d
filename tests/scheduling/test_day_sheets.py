"""The day sheet: opening hours, holidays, closures, shifts and what is held, as the planner reads them."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.errors import JustTaken
from clinic.models import Closure, OpeningHours, Shift, ShiftException, StaffMember
from clinic.permissions import Role
from scheduling.models import Appointment, PhaseNeed
from scheduling.selectors import planning
from scheduling.selectors.day_sheets import Sheet, load_sheet
from scheduling.selectors.local_days import LocalDay, days_between, holiday_name, subtract
from scheduling.selectors.shapes import visit_shape
from tests.factories import FIRST_DAY, NOW, Clinic, add_shifts, make_clinic, make_patient
from tests.scheduling.helpers import book, consult

pytestmark = pytest.mark.django_db


def hours_of(sheet: Sheet, resource: int, day: date = FIRST_DAY) -> list[tuple[time, time]]:
    """When a resource is there, on the wall clock."""
    found = sheet.day(day)
    assert found is not None
    stretches = found.present.get(resource, ())
    return [(_wall(sheet, start), _wall(sheet, end)) for start, end in stretches]


def _wall(sheet: Sheet, cell: int) -> time:
    return clock.local(clock.of_cell(cell), sheet.zone).time()


def one_day(clinic: Clinic, day: date = FIRST_DAY) -> Sheet:
    """The sheet of one date."""
    return load_sheet(clinic.site, [day], now=NOW)


def test_a_weekday_is_open_and_a_weekend_is_not() -> None:
    clinic = make_clinic()
    sheet = load_sheet(clinic.site, days_between(FIRST_DAY, FIRST_DAY + timedelta(days=6)), now=NOW)
    assert [day.date.weekday() for day in sheet.days] == [1, 2, 3, 4, 0]
    day = sheet.day(FIRST_DAY)
    assert day is not None
    assert (_wall(sheet, day.start), _wall(sheet, day.end)) == (time(8), time(18))
    assert list(day.minutes) == list(range(480, 1080, 5))


def test_a_midday_closing_makes_two_open_stretches() -> None:
    clinic = make_clinic()
    OpeningHours.objects.filter(site=clinic.site, weekday=FIRST_DAY.weekday()).update(closes=time(12))
    OpeningHours.objects.create(site=clinic.site, weekday=FIRST_DAY.weekday(), opens=time(13), closes=time(18))
    sheet = one_day(clinic)
    noon = clock.cell(clinic.at(FIRST_DAY, 12))
    assert sheet.is_open(noon - 12, noon)
    assert not sheet.is_open(noon - 6, noon + 18)


def test_a_holiday_closes_the_site_unless_it_works_through_them() -> None:
    clinic = make_clinic()
    memorial_day = date(2027, 5, 31)
    assert one_day(clinic, memorial_day).days == ()
    assert holiday_name(clinic.site, memorial_day) == "Memorial Day"
    clinic.site.observes_holidays = False
    assert one_day(clinic, memorial_day).days != ()


def test_a_country_unknown_to_the_library_has_no_holidays() -> None:
    clinic = make_clinic()
    clinic.site.country = "XX"
    assert holiday_name(clinic.site, date(2027, 5, 31)) == ""


def test_closures_cut_hours_chairs_and_people() -> None:
    clinic = make_clinic()
    at = clinic.at
    Closure.objects.create(site=clinic.site, starts=at(FIRST_DAY, 16), ends=at(FIRST_DAY, 18))
    Closure.objects.create(resource=clinic.chairs[0], starts=at(FIRST_DAY, 9), ends=at(FIRST_DAY, 10))
    Closure.objects.create(resource=clinic.nurses[0].resource, starts=at(FIRST_DAY, 0), ends=at(FIRST_DAY, 12))
    sheet = one_day(clinic)
    assert hours_of(sheet, clinic.chairs[0].pk) == [(time(8), time(9)), (time(10), time(16))]
    assert hours_of(sheet, clinic.chairs[1].pk) == [(time(8), time(16))]
    assert hours_of(sheet, clinic.nurses[0].resource_id) == [(time(12), time(18))]


def test_shifts_hold_within_their_dates_and_exceptions_replace_them() -> None:
    clinic = make_clinic()
    nurse = clinic.nurses[0]
    shifts = Shift.objects.filter(staff_member=nurse, weekday=FIRST_DAY.weekday())
    shifts.update(starts=time(10), ends=time(14))
    assert hours_of(one_day(clinic), nurse.resource_id) == [(time(10), time(14))]
    shifts.update(valid_until=FIRST_DAY - timedelta(days=1))
    assert hours_of(one_day(clinic), nurse.resource_id) == []
    ShiftException.objects.create(staff_member=nurse, site=clinic.site, date=FIRST_DAY, starts=time(15), ends=time(18))
    assert hours_of(one_day(clinic), nurse.resource_id) == [(time(15), time(18))]
    ShiftException.objects.create(staff_member=clinic.nurses[1], site=clinic.site, date=FIRST_DAY)
    assert hours_of(one_day(clinic), clinic.nurses[1].resource_id) == []


def test_a_day_on_which_the_clocks_change_has_its_true_cells() -> None:
    clinic = make_clinic()
    spring, autumn = date(2027, 3, 14), date(2027, 11, 7)
    OpeningHours.objects.create(site=clinic.site, weekday=6, opens=time(0), closes=time(12))
    for day, hours in ((spring, 11), (autumn, 13)):
        found = one_day(clinic, day).day(day)
        assert found is not None
        assert len(found.minutes) == hours * 12
        assert (found.minutes[0], found.minutes[-1]) == (0, 715)
    plain = LocalDay(FIRST_DAY, clinic.site.zone)
    assert clock.of_cell(plain.cell(time(9))) == clinic.at(FIRST_DAY, 9)


def test_stretches_are_cut_and_joined() -> None:
    assert subtract([(0, 5), (5, 10)], []) == ((0, 10),)
    assert subtract([(0, 10)], [(3, 4), (8, 20)]) == ((0, 3), (4, 8))
    assert subtract([(4, 4), (9, 2)], []) == ()


def test_lapsed_holds_are_left_out_and_so_are_those_of_a_visit_to_move() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site), [clinic.at(FIRST_DAY, 9)], version=clinic.injection)
    assert len(one_day(clinic).taken.resource) > 0
    assert series.held_until is not None
    assert len(load_sheet(clinic.site, [FIRST_DAY], now=series.held_until).taken.resource) == 0
    visit = Appointment.objects.get()
    assert len(load_sheet(clinic.site, [FIRST_DAY], now=NOW, without_visits=[visit.pk]).taken.resource) == 0


def test_queries_do_not_grow_with_days_visits_or_staff() -> None:
    small = make_clinic(name="Small", chairs=1, nurses=1)
    large = make_clinic(name="Large", chairs=12, nurses=6)
    for hour in range(8, 17):
        book(large, make_patient(large.site, cleared=True), [large.at(FIRST_DAY, hour)], version=large.injection)
    counts = []
    for clinic, days in ((small, 2), (large, 40)):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            load_sheet(clinic.site, days_between(FIRST_DAY, FIRST_DAY + timedelta(days=days)), now=NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1] == 2


def test_days_far_apart_do_not_read_what_is_held_between_them() -> None:
    clinic = make_clinic()
    series = book(clinic, make_patient(clinic.site, cleared=True))
    visits = list(series.appointments.all())
    days = [clock.local(visit.starts, clinic.site.zone).date() for visit in visits]
    few = load_sheet(clinic.site, [days[0], days[-1]], now=NOW).taken
    every = load_sheet(clinic.site, days_between(days[0], days[-1]), now=NOW).taken
    ends = {clock.cell(visit.starts) // 288 for visit in (visits[0], visits[-1])}
    assert {int(cell) // 288 for cell in few.start} == ends
    assert len(few.start) * 3 == len(every.start)


def test_a_doctor_at_two_sites_is_busy_at_both_with_the_way_between() -> None:
    here, there = make_clinic(name="Here"), make_clinic(name="There")
    doctor = here.doctor
    add_shifts(doctor, there.site)
    StaffMember.objects.filter(pk=doctor.pk).update(travel_minutes=60)
    Shift.objects.filter(staff_member=there.doctor).delete()
    consult(here, make_patient(here.site), here.at(FIRST_DAY, 10))
    with pytest.raises(JustTaken):
        consult(there, make_patient(there.site), there.at(FIRST_DAY, 11), doctor=doctor)
    # 10:45 the first consult ends, and 60 minutes later he can be there.
    assert consult(there, make_patient(there.site), there.at(FIRST_DAY, 11, 45), doctor=doctor).practitioner == doctor


def test_a_shape_follows_the_protocol_version() -> None:
    clinic = make_clinic()
    shape = visit_shape(clinic.induction)
    assert [(phase.name, phase.cells) for phase in shape.phases] == [("prepare", 3), ("infuse", 8), ("recover", 12)]
    assert (shape.cells, shape.turnover_cells) == (23, 2)
    PhaseNeed.objects.create(phase=clinic.consult.phases.get(), kind="chair", lane="whole")
    assert len(visit_shape(clinic.consult).phases[0].needs) == 2
    remote = visit_shape(clinic.consult, doctor=clinic.doctor, is_remote=True)
    assert [need.kind for need in remote.phases[0].needs] == ["doctor"]
    assert remote.doctor == clinic.doctor.resource_id


def test_consult_slots_are_free_times_on_the_quarter_hour() -> None:
    clinic = make_clinic()
    patient = make_patient(clinic.site)
    consult(clinic, make_patient(clinic.site), clinic.at(FIRST_DAY, 8))
    slots = planning.consult_slots(
        site=clinic.site, version=clinic.consult, doctor=None, first_day=FIRST_DAY, now=NOW, patient=patient, limit=5
    )
    assert [clock.local(slot.starts, clinic.site.zone).time() for slot in slots] == [
        time(8, 45),
        time(9),
        time(9, 15),
        time(9, 30),
        time(9, 45),
    ]
    assert {slot.doctor for slot in slots} == {clinic.doctor}
    assert consult(clinic, patient, slots[0].starts, doctor=slots[0].doctor).starts == slots[0].starts


def test_today_offers_only_what_is_still_to_come() -> None:
    clinic = make_clinic()
    with clock.at_moment(clinic.at(FIRST_DAY, 16, 40)):
        slots = planning.consult_slots(
            site=clinic.site,
            version=clinic.consult,
            doctor=clinic.doctor,
            first_day=FIRST_DAY,
            now=clock.now(),
            limit=3,
        )
    assert [clock.local(slot.starts, clinic.site.zone).time() for slot in slots] == [
        time(16, 45),
        time(17),
        time(17, 15),
    ]


def test_a_nurse_who_is_also_a_doctor_is_one_person() -> None:
    clinic = make_clinic(nurses=1)
    clinic.nurses[0].role_rows.create(role=Role.DOCTOR)
    roles = {one.id: one.roles for one in one_day(clinic).resources}
    assert roles[clinic.nurses[0].resource_id] == {"nurse", "doctor"}
    assert clinic.manager.resource_id not in roles
