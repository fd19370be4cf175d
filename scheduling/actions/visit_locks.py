"""What every verb of a visit does first: lock once, in order, then look; and the checks that several of them make."""

from datetime import timedelta

from clinic import clock, locks
from clinic.actor import Actor
from clinic.errors import Refused, Stale
from clinic.models import Resource, StaffMember
from clinic.permissions import Role
from scheduling.models import Appointment, Question, VisitRecord


def locked(appointment: Appointment) -> Appointment:
    """The visit as it is now, read under its patient's lock: for facts, which change no hold."""
    locks.take([locks.patient(appointment.patient_id)])
    return _fresh(appointment)


def locked_with_holds(appointment: Appointment) -> Appointment:
    """The visit as it is now, read under the locks of its site, patient and days, so that nobody re-plans its holds
    meanwhile.

    Raises Stale when it was moved to another day between the caller's look and the lock.
    """
    zone = appointment.site.zone
    first = clock.local(appointment.starts, zone).date()
    last = clock.local(appointment.ends, zone).date()
    days = {first + timedelta(days=number) for number in range((last - first).days + 1)}
    locks.take(
        [
            locks.site(appointment.site_id),
            locks.patient(appointment.patient_id),
            *locks.days(appointment.site_id, days),
        ]
    )
    visit = _fresh(appointment)
    if clock.local(visit.starts, zone).date() not in days:
        raise Stale("Somebody has just moved this visit to another day. Nothing was changed; open it again.")
    return visit


def record_of(visit: Appointment) -> VisitRecord:
    """The visit's facts: those kept so far, or an empty record, not saved yet. Call it under the visit's lock."""
    return VisitRecord.objects.filter(appointment=visit).first() or VisitRecord(appointment=visit)


def is_doctor_at(member: StaffMember, visit: Appointment) -> bool:
    """Whether this person is a doctor at the visit's site."""
    return StaffMember.objects.with_role(Role.DOCTOR).filter(pk=member.pk, sites=visit.site_id).exists()


def check_place(visit: Appointment, chair: Resource | None, nurse: StaffMember | None) -> None:
    """Raise Refused for a chair or a nurse that the visit's site does not have; None is no claim."""
    if chair is not None and not Resource.objects.chairs().filter(pk=chair.pk, site=visit.site_id).exists():
        raise Refused(f"{chair.name} is no chair in use at {visit.site.name}. Choose one that is.", field="chair")
    if nurse is not None and not (
        StaffMember.objects.with_role(Role.NURSE).filter(pk=nurse.pk, sites=visit.site_id).exists()
    ):
        raise Refused(f"{nurse.name} is no nurse at {visit.site.name}. Choose one who is.", field="nurse")


def settle(visit: Appointment, by: Actor, *abouts: str) -> None:
    """What a doctor was asked about the visit, of these kinds, is no longer needed: it went on without. For actions."""
    staff = by.staff_member
    if staff is not None:
        Question.objects.filter(appointment=visit, about__in=abouts, answer="").update(
            answer=Question.Answer.WITHDRAWN, answered_at=clock.now(), answered_by=staff
        )


def _fresh(appointment: Appointment) -> Appointment:
    return (
        Appointment.objects.select_related("patient", "site", "series", "protocol_version")
        .select_for_update(of=("self",))
        .get(pk=appointment.pk)
    )
