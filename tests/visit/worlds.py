"""Visits and courses for these tests, written directly, so that each test starts at the step it is about."""

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from clinic import clock
from patients.models import Contact, Patient
from scheduling.models import Appointment, Ending, Hold, ProtocolVersion, Ride, Series, VisitRecord
from tests.factories import NOW, Clinic, make_patient

Status = Appointment.Status


def later(minutes: int) -> AbstractContextManager[None]:
    """The clock stands so long after NOW."""
    return clock.at_moment(NOW + timedelta(minutes=minutes))


def make_series(clinic: Clinic, patient: Patient, **fields: Any) -> Series:
    """A running induction of six."""
    values: dict[str, Any] = {
        "patient": patient,
        "site": clinic.site,
        "protocol_version": clinic.induction,
        "sessions": 6,
        "first_day": clock.today(clinic.site.zone),
        "created_at": clock.now(),
    }
    return Series.objects.create(**(values | fields))


def make_visit(
    clinic: Clinic,
    *,
    starts: datetime = NOW,
    patient: Patient | None = None,
    series: Series | None = None,
    status: str = Status.BOOKED,
    cleared: bool = False,
    consented: bool = False,
    chair: int = 0,
    nurse: int = 0,
    watch: int = 1,
    **fields: Any,
) -> Appointment:
    """One infusion of 115 minutes that holds the first chair and the first nurse, or those of these numbers (hands
    while preparing, `watch` units throughout).
    """
    patient = patient or make_patient(clinic.site, cleared=cleared, consented=consented)
    series = series or make_series(clinic, patient)
    values: dict[str, Any] = {
        "patient": patient,
        "site": clinic.site,
        "series": series,
        "protocol_version": clinic.induction,
        "kind": Appointment.Kind.INFUSION,
        "status": status,
        "starts": starts,
        "ends": starts + timedelta(minutes=115),
        "created_at": clock.now(),
    }
    visit = Appointment.objects.create(**(values | fields))
    if visit.status in Appointment.BLOCKING:
        first = clock.cell(starts)
        who = clinic.nurses[nurse].resource
        _hold(visit, clinic.chairs[chair].pk, 1, first, first + 25, 0, 1)
        _hold(visit, who.pk, who.capacity, first, first + 3, 0, 1)
        _hold(visit, who.pk, who.capacity, first, first + 23, 1, 1 + watch)
    return visit


def make_consult(clinic: Clinic, **fields: Any) -> Appointment:
    """A consult that begins now, with the clinic's doctor."""
    values: dict[str, Any] = {
        "patient": fields.pop("patient", None) or make_patient(clinic.site),
        "site": clinic.site,
        "protocol_version": clinic.consult,
        "kind": Appointment.Kind.CONSULT,
        "status": Status.BOOKED,
        "practitioner": clinic.doctor,
        "starts": NOW,
        "ends": NOW + timedelta(minutes=45),
        "created_at": clock.now(),
    }
    return Appointment.objects.create(**(values | fields))


def make_given(clinic: Clinic, series: Series, number: int, starts: datetime, *, kind: str = "infusion") -> Appointment:
    """A visit of the course that was completed at its time."""
    visit = make_visit(
        clinic,
        starts=starts,
        patient=series.patient,
        series=series,
        status=Status.FULFILLED,
        ending=Ending.COMPLETED,
        counts=True,
        number=number,
        kind=kind,
    )
    VisitRecord.objects.create(appointment=visit, arrived_at=starts, started_at=starts, ended_at=visit.ends)
    return visit


def name_ride(visit: Appointment, companion: Contact, status: str = Ride.Status.NAMED) -> Ride:
    """The companion drives home from this visit."""
    return Ride.objects.create(appointment=visit, companion=companion, status=status, changed_at=clock.now())


def set_lists(version: ProtocolVersion, *, checkin: tuple[str, ...] = (), fitness: tuple[str, ...] = ()) -> None:
    """Give a protocol version a check-in list and a fitness list."""
    version.checkin_list = [{"en": question, "es": question} for question in checkin]
    version.fitness_list = [{"en": point, "es": point} for point in fitness]
    version.save()


def _hold(visit: Appointment, resource: int, capacity: int, start: int, end: int, first: int, last: int) -> None:
    Hold.objects.create(
        appointment=visit,
        resource_id=resource,
        capacity=capacity,
        start_cell=start,
        end_cell=end,
        first_unit=first,
        end_unit=last,
        phase=0,
    )
