"""Planned changes strand nobody: others take over where they can, and who cannot be covered is accepted by name or the
change is refused."""

from datetime import time, timedelta
from typing import Any

import pytest

from clinic import clock
from clinic.errors import NotAllowed, Refused
from clinic.models import AuditEvent, OpeningHours, Shift, ShiftException
from clinic.permissions import Role
from scheduling.actions import clinic_changes
from scheduling.actions.clinic_changes import StrandsVisits
from scheduling.models import Appointment, Hold, Message, PhaseNeed, ProtocolVersion
from scheduling.selectors.stranded import booked_days, stranded
from tests.factories import FIRST_DAY, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, overlaps_in_holds, visits_of

pytestmark = pytest.mark.django_db


def booked(clinic: Clinic, hour: int, minute: int = 0) -> Appointment:
    """One injection on the first day."""
    patient = make_patient(clinic.site, cleared=True)
    return visits_of(book(clinic, patient, [clinic.at(FIRST_DAY, hour, minute)], version=clinic.injection))[0]


def nurses_of(visit: Appointment) -> set[int]:
    """Whom of the staff a visit holds."""
    return set(visit.holds.filter(resource__kind="staff").values_list("resource_id", flat=True))


def uncovered(clinic: Clinic) -> set[object]:
    """Visits without cover, as things stand."""
    return set(stranded(clinic.site, booked_days(clinic.site, clock.now()), clock.now()))


def shift_of(clinic: Clinic, number: int = 0, weekday: int = FIRST_DAY.weekday()) -> Shift:
    """One weekly shift of a nurse."""
    return Shift.objects.get(staff_member=clinic.nurses[number], weekday=weekday)


def test_a_nurse_whose_shift_ends_hands_her_visits_over_and_the_patient_hears_nothing() -> None:
    clinic = make_clinic(nurses=2)
    visit = booked(clinic, 9)
    number = [nurse.resource_id for nurse in clinic.nurses].index(nurses_of(visit).pop())
    told, holds = Message.objects.count(), visit.holds.count()

    clinic_changes.remove_shift(by=clinic.by(Role.MANAGER), shift=shift_of(clinic, number))

    assert nurses_of(visit) == {clinic.nurses[1 - number].resource_id}
    assert visit.holds.count() == holds
    assert uncovered(clinic) == set()
    assert Message.objects.count() == told
    visit.refresh_from_db()
    assert (visit.starts, visit.version) == (clinic.at(FIRST_DAY, 9), 0)


def test_a_broken_plan_for_two_visits_names_only_the_one_that_nobody_takes() -> None:
    clinic = make_clinic(chairs=2, nurses=1, watch=4)
    stays, lost = booked(clinic, 9), booked(clinic, 9, 15)
    chair = lost.holds.get(resource__in=clinic.chairs).resource
    with pytest.raises(StrandsVisits) as refusal:
        clinic_changes.take_out_of_use(by=clinic.by(Role.MANAGER), resource=chair)
    assert [one.id for one in refusal.value.lost] == [lost.pk]
    assert f"record {lost.patient.record_number}" in refusal.value.message
    assert str(stays.patient.record_number) not in refusal.value.message
    chair.refresh_from_db()
    assert chair.is_active


def test_a_visit_accepted_by_name_stays_without_cover_and_keeps_who_and_why() -> None:
    clinic = make_clinic(nurses=1)
    visit = booked(clinic, 9)
    manager = clinic.by(Role.MANAGER)
    with pytest.raises(Refused, match="Say why"):
        clinic_changes.remove_shift(by=manager, shift=shift_of(clinic), accepted=[visit.pk])
    clinic_changes.remove_shift(by=manager, shift=shift_of(clinic), accepted=[visit.pk], reason="an agency nurse comes")
    visit.refresh_from_db()
    assert visit.status_reason == "Stays without cover: an agency nurse comes"
    assert uncovered(clinic) == {visit.pk}
    trail = AuditEvent.objects.filter(table="scheduling_appointment", row=str(visit.pk)).latest("at")
    assert (trail.action, trail.actor_id, trail.reason) == ("remove_shift", manager.id, "an agency nurse comes")


def test_accepting_one_visit_does_not_accept_another() -> None:
    clinic = make_clinic(nurses=1)
    first, second = booked(clinic, 9), booked(clinic, 10)
    with pytest.raises(StrandsVisits) as refusal:
        clinic_changes.remove_shift(
            by=clinic.by(Role.MANAGER), shift=shift_of(clinic), accepted=[first.pk], reason="agency"
        )
    assert [one.id for one in refusal.value.lost] == [second.pk]
    assert shift_of(clinic).valid_until is None
    first.refresh_from_db()
    assert first.status_reason == ""


def test_a_shift_that_begins_later_is_refused_over_an_early_visit_and_kept_on_record_otherwise() -> None:
    clinic = make_clinic(nurses=1)
    booked(clinic, 9)
    manager, shift = clinic.by(Role.MANAGER), shift_of(clinic)
    change: dict[str, Any] = {"by": manager, "shift": shift, "ends": time(18), "first_day": FIRST_DAY}
    with pytest.raises(StrandsVisits):
        clinic_changes.change_shift(**change, starts=time(9, 5))
    new = clinic_changes.change_shift(**change, starts=time(9))
    old = Shift.objects.get(pk=shift.pk)
    assert (old.valid_until, new.valid_from) == (FIRST_DAY - timedelta(days=1), FIRST_DAY)
    assert (new.starts, old.starts) == (time(9), time(8))
    assert uncovered(clinic) == set()


def test_a_day_off_is_refused_over_a_visit_and_other_days_are_not_touched() -> None:
    clinic = make_clinic(nurses=1)
    booked(clinic, 9)
    what: dict[str, Any] = {"by": clinic.by(Role.MANAGER), "member": clinic.nurses[0], "site": clinic.site}
    with pytest.raises(StrandsVisits):
        clinic_changes.add_shift_exception(**what, day=FIRST_DAY, stretches=[])
    assert not ShiftException.objects.exists()
    clinic_changes.add_shift_exception(**what, day=FIRST_DAY, stretches=[(time(8), time(12))], reason="dentist")
    clinic_changes.add_shift_exception(**what, day=FIRST_DAY + timedelta(days=1), stretches=[])
    assert [(one.starts, one.reason) for one in ShiftException.objects.order_by("date")] == [
        (time(8), "dentist"),
        (None, ""),
    ]


def test_opening_hours_are_not_shortened_over_a_visit() -> None:
    clinic = make_clinic()
    booked(clinic, 16)
    what: dict[str, Any] = {"by": clinic.by(Role.MANAGER), "site": clinic.site, "weekday": FIRST_DAY.weekday()}
    with pytest.raises(StrandsVisits):
        clinic_changes.change_opening_hours(**what, stretches=[(time(8), time(16))])
    clinic_changes.change_opening_hours(**what, stretches=[(time(8), time(12)), (time(13), time(18))])
    hours = OpeningHours.objects.filter(site=clinic.site, weekday=FIRST_DAY.weekday())
    assert [(one.opens, one.closes) for one in hours] == [(time(8), time(12)), (time(13), time(18))]


def test_a_nurse_who_watches_fewer_hands_over_what_is_too_much_and_keeps_the_rest() -> None:
    clinic = make_clinic(chairs=3, nurses=2, watch=4)
    visits = [booked(clinic, 9, 15 * number) for number in range(3)]
    busy = next(nurse for nurse in clinic.nurses if any(nurse.resource_id in nurses_of(visit) for visit in visits))
    clinic_changes.set_watch_limit(by=clinic.by(Role.MANAGER), member=busy, watch=1)
    busy.resource.refresh_from_db()
    assert busy.watch_limit == 1
    assert uncovered(clinic) == set()
    assert overlaps_in_holds() == 0
    assert not Hold.objects.filter(resource=busy.resource, end_unit__gt=2).exists()
    assert all(visit.holds.count() >= 4 for visit in visits)


def test_a_nurse_alone_is_not_given_fewer_patients_than_are_booked() -> None:
    clinic = make_clinic(chairs=3, nurses=1, watch=4)
    visits = [booked(clinic, 9, 15 * number) for number in range(3)]
    nurse, manager = clinic.nurses[0], clinic.by(Role.MANAGER)
    before = sorted(Hold.objects.values_list("start_cell", "first_unit", "appointment_id"))
    with pytest.raises(StrandsVisits) as refusal:
        clinic_changes.set_watch_limit(by=manager, member=nurse, watch=2)
    assert {one.id for one in refusal.value.lost} < {visit.pk for visit in visits}
    assert sorted(Hold.objects.values_list("start_cell", "first_unit", "appointment_id")) == before
    lost = [one.id for one in refusal.value.lost]
    clinic_changes.set_watch_limit(by=manager, member=nurse, watch=2, accepted=lost, reason="one more nurse is sought")
    assert uncovered(clinic) == set(lost)
    clinic_changes.set_watch_limit(by=manager, member=nurse, watch=4)
    assert uncovered(clinic) == set(lost), "what was given back is not taken again by itself"


def test_a_new_version_of_a_protocol_touches_no_running_series() -> None:
    clinic = make_clinic()
    visit = booked(clinic, 9)
    old = clinic.injection
    ProtocolVersion.objects.filter(pk=old.pk).update(is_current=False)
    new = ProtocolVersion.objects.get(pk=old.pk)
    new.pk, new.number, new.is_current = None, 2, True
    new.save()
    phase = new.phases.create(position=0, kind="infuse", minutes=300)
    PhaseNeed.objects.create(phase=phase, kind="doctor", lane="hands")
    visit.refresh_from_db()
    assert visit.protocol_version_id == old.pk
    assert uncovered(clinic) == set()


def test_only_who_runs_the_clinic_plans_changes() -> None:
    clinic = make_clinic()
    desk = clinic.by(Role.FRONT_DESK)
    with pytest.raises(NotAllowed):
        clinic_changes.take_out_of_use(by=desk, resource=clinic.chairs[0])
    with pytest.raises(NotAllowed):
        clinic_changes.set_watch_limit(by=desk, member=clinic.nurses[0], watch=2)
    with pytest.raises(NotAllowed):
        clinic_changes.change_opening_hours(by=desk, site=clinic.site, weekday=0, stretches=[])


def test_hours_that_end_before_they_start_and_impossible_limits_are_refused() -> None:
    clinic = make_clinic()
    manager = clinic.by(Role.MANAGER)
    with pytest.raises(Refused, match="end after they start"):
        clinic_changes.change_opening_hours(by=manager, site=clinic.site, weekday=0, stretches=[(time(9), time(9))])
    with pytest.raises(Refused, match="between 0 and"):
        clinic_changes.set_watch_limit(by=manager, member=clinic.nurses[0], watch=64)
    with pytest.raises(Refused, match="A person is not taken out of use"):
        clinic_changes.take_out_of_use(by=manager, resource=clinic.nurses[0].resource)
