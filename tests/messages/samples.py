"""One message of each kind, with a subject that makes it true: for reading, rendering and the test of every wording."""

from datetime import timedelta

from clinic import clock
from patients.models import Clearance, Patient
from scheduling.messages import asking, changes, ledger
from scheduling.models import Appointment, Invitation, Message, ProposedBooster, Ride, Series
from tests.factories import NOW, Clinic, clear
from tests.messages import world

Kind, State = Message.Kind, Message.State


def one_of_each(clinic: Clinic, patient: Patient) -> dict[str, Message]:
    """A waiting message of every kind, by kind. They do not fit together into one story: each is true by itself."""
    _series_kinds(clinic, patient)
    _visit_kinds(clinic, patient)
    _companion_kinds(clinic, patient)
    _earlier_kinds(clinic, patient)
    _asking_kinds(clinic, patient)
    ledger.announce_clearance(clear(patient, clinic.site))
    # Changes made together are told together; here each is wanted by itself.
    Message.objects.filter(kind__in=changes.KINDS).update(carried_by=None)
    found: dict[str, Message] = {}
    for message in Message.objects.select_related("site", "patient", "contact", "series", "appointment"):
        if message.state == State.DUE and message.carried_by_id is None:
            found.setdefault(message.kind, message)
    return found


def refusal(clinic: Clinic, patient: Patient) -> Message:
    """The news of a doctor's no."""
    decision = Clearance.objects.create(
        patient=patient, decision="more", decided_by=clinic.doctor, decided_at=clock.now(), reason="old stroke"
    )
    ledger.announce_clearance(decision)
    return world.only(kind=Kind.NEWS, state=State.DUE)


def _series_kinds(clinic: Clinic, patient: Patient) -> None:
    week = timedelta(days=7)
    ledger.announce_booked(world.make_series(clinic, patient))
    ledger.announce_held(world.make_series(clinic, patient, [day + week for day in world.NEXT_WEEK], held=True))
    for weeks, announce in ((2, ledger.announce_stopped), (3, ledger.announce_released)):
        series = world.make_series(clinic, patient, [day + weeks * week for day in world.NEXT_WEEK])
        series.appointments.update(status=Appointment.Status.CANCELLED, ending="cancelled")
        series.status, series.ended_at, series.end_reason = Series.Status.REVOKED, NOW, "no benefit"
        series.save()
        announce(series)
    series = world.make_series(clinic, patient, [day + 4 * week for day in world.NEXT_WEEK])
    first, second, _third = series.appointments.order_by("starts")
    ledger.announce_boosters(series, [first], [(second, second.starts - timedelta(days=1))], [])
    Message.objects.filter(kind__in=[Kind.REMINDER, Kind.PREPARE], appointment__series=series).delete()


def _visit_kinds(clinic: Clinic, patient: Patient) -> None:
    day = world.NEXT_WEEK[0] + timedelta(days=1)
    ledger.announce_consult(world.make_visit(clinic, patient, clinic.at(day, 9)))
    world.move(world.make_visit(clinic, patient, clinic.at(day, 12)), clinic.at(day, 14))
    world.cancel(world.make_visit(clinic, patient, clinic.at(day, 17)))
    visit = Appointment.objects.filter(kind="infusion", status="booked").order_by("starts")[0]
    for kind in (Kind.TODAY, Kind.RIDE_MISSING):
        row = Message.objects.get(appointment=visit, kind=Kind.PREPARE)
        row.pk, row.kind, row.message_id = None, kind, f"{kind}@clinic.example"
        row.save(force_insert=True)
    over = Appointment.objects.filter(kind="infusion", status="booked").order_by("starts")[1]
    ledger.announce_discharged(over)
    ledger.announce_follow_up(over, clock.today(clinic.site.zone))


def _earlier_kinds(clinic: Clinic, patient: Patient) -> None:
    """One time offered and still open, and one that somebody else was quicker to take."""
    for visit in Appointment.objects.filter(kind="infusion", status="booked").order_by("-starts")[:2]:
        invitation = world.invite(visit, visit.starts - timedelta(days=7))
        ledger.announce_offered(invitation)
    Message.objects.filter(appointment=visit, kind=Kind.EARLIER_OFFER).update(state=State.SENT, sent_at=NOW)
    invitation.status, invitation.answered_at = Invitation.Status.TAKEN, NOW
    invitation.save()
    ledger.announce_offer_over(invitation)


def _asking_kinds(clinic: Clinic, patient: Patient) -> None:
    """Asked how it goes after a visit, and one more date offered."""
    asking.announce_screening(patient, clinic.site)
    asking.announce_score_asked(Appointment.objects.filter(kind="infusion").order_by("starts")[0])
    series = Series.objects.filter(status=Series.Status.ACTIVE)[0]
    starts = clinic.at(world.NEXT_WEEK[0] + timedelta(days=42), 10)
    offered = ProposedBooster.objects.create(
        series=series, starts=starts, status=ProposedBooster.Status.OFFERED, created_at=NOW, offered_at=NOW
    )
    asking.announce_dates_offered(series, [offered])


def _companion_kinds(clinic: Clinic, patient: Patient) -> None:
    ben = world.make_companion(patient, language=patient.language)
    first, second, third = Appointment.objects.filter(kind="infusion", status="booked").order_by("starts")[:3]
    world.name_driver(first, ben)
    world.name_driver(second, ben)
    ride = world.name_driver(third, ben)
    ledger.announce_pick_up(first, first.ends)
    Message.objects.filter(appointment=third, kind=Kind.COMPANION_NAMED).update(state=State.SENT, sent_at=NOW)
    ride.status, ride.companion = Ride.Status.NEEDED, None
    ride.save()
    ledger.announce_companion_released(ride, ben)
