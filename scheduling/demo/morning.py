"""What waits at the demo's desk this morning: one believable thing of each kind, left by the same actions that the
screens and the patients' pages use.
"""

from datetime import timedelta
from uuid import uuid4

from clinic import clock
from clinic.actor import Actor
from clinic.models import Site
from patients.actions import authorise_sessions
from patients.models import Authorisation, Channel, ConsultRequest, Patient
from scheduling.actions import offers, requests, ride_calls, rides
from scheduling.actions.series_writing import SeriesOrder
from scheduling.demo.cast import SHOT
from scheduling.demo.places import HARBOR, MESA
from scheduling.models import Appointment, ChangeRequest, Message, ProtocolVersion, Ride
from scheduling.planner.values import Wishes
from scheduling.selectors import planning


def leave_work(desk: Actor, sites: dict[str, Site], versions: dict[str, ProtocolVersion]) -> None:
    """Leave the work as it is on a morning; whoever has no visit to come has none of it."""
    _asks(sites[HARBOR])
    _wants("Abernathy", ChangeRequest.Kind.MOVE, "My daughter drives me, and she is away that week.")
    _wants("Park", ChangeRequest.Kind.CANCEL, "I have to be with my father. I will call when I am back.")
    _cannot_drive("Voss")
    _calls_back(desk, "Marchetti")
    _sessions(desk, "Nowak")
    _keeps(desk, "Navarro", sites[MESA], versions[SHOT])
    _letter_came_back("Rahman")


def _next_visit(family: str) -> Appointment | None:
    """The patient's next visit that is not today's."""
    found = Appointment.objects.filter(
        patient__family_name=family, status=Appointment.Status.BOOKED, starts__gt=clock.now() + timedelta(hours=12)
    )
    return found.select_related("patient", "site", "protocol_version").order_by("starts").first()


def _asks(site: Site) -> None:
    """Somebody has filled in the form on the web."""
    ConsultRequest.objects.create(
        site=site,
        name="Owen Castillo",
        phone="+16175550149",
        email="owen.castillo@patients.example",
        best_times="Tuesdays and Thursdays after 2 p.m.",
        complaint="Pain all over, for six years.",
        created_at=clock.now() - timedelta(hours=15),
    )


def _wants(family: str, kind: ChangeRequest.Kind, words: str) -> None:
    """The patient has asked on their page."""
    visit = _next_visit(family)
    if visit is None:
        return
    with clock.at_moment(clock.now() - timedelta(hours=3)):
        requests.ask_for_change(by=visit.patient.as_actor, appointment=visit, kind=kind, words=words)


def _cannot_drive(family: str) -> None:
    """The usual driver has said no on the companion's page."""
    visit = _next_visit(family)
    ride = Ride.objects.filter(appointment=visit, companion__isnull=False).first() if visit is not None else None
    if ride is not None and ride.companion is not None:
        by = Actor("companion", str(ride.companion_id), ride.companion.name)
        rides.decline_ride(by=by, ride=ride)


def _calls_back(desk: Actor, family: str) -> None:
    """The desk has called, and the patient asks the family first."""
    visit = _next_visit(family)
    ride = Ride.objects.filter(appointment=visit).first() if visit is not None else None
    if visit is not None and (ride is None or ride.status in Ride.MISSING):
        ride_calls.record_ride_call(
            by=desk,
            appointments=[visit],
            outcome=Ride.Call.CALLS_BACK,
            until=clock.now() + timedelta(hours=2),
            note="asks her sister tonight",
        )


def _sessions(desk: Actor, family: str) -> None:
    """The payer has authorised fewer sessions than were given and booked."""
    patient = Patient.objects.get(family_name=family)
    first = Appointment.objects.filter(patient=patient, series__isnull=False).order_by("starts").first()
    if first is not None:
        given = Appointment.objects.filter(patient=patient, counts=True).count()
        authorise_sessions(
            by=desk,
            patient=patient,
            kind=Authorisation.Kind.PAYER,
            payer="Northfield Health",
            sessions=max(given, 1),
            valid_from=clock.local(first.starts, first.site.zone).date(),
            reference="AUTH-20417",
        )


def _keeps(desk: Actor, family: str, site: Site, version: ProtocolVersion) -> None:
    """A plan is kept until tomorrow, while the patient asks who drives."""
    patient = Patient.objects.get(family_name=family)
    first_day = clock.today(site.zone) + timedelta(days=4)
    result = planning.plan_series(
        site=site, version=version, wishes=Wishes(), first_day=first_day, patient=patient, now=clock.now()
    )
    if result.plans:
        offers.keep_plan(
            by=desk,
            order=SeriesOrder(
                patient=patient,
                site=site,
                version=version,
                first_day=first_day,
                wishes=Wishes(),
                starts=planning.moments_of(result.plans[0]),
            ),
            hours=20,
            key=uuid4(),
        )


def _letter_came_back(family: str) -> None:
    """What was written about the next visit could not be delivered."""
    waiting = Message.objects.filter(
        patient__family_name=family, state=Message.State.DUE, channel=Channel.MAIL, contact=None, carried_by=None
    )
    message = waiting.order_by("due_at").first()
    if message is not None:
        message.state, message.last_error = Message.State.FAILED, "550 5.1.1 mailbox unavailable"
        message.due_at = clock.now() - timedelta(hours=2)
        message.save(update_fields=["state", "last_error", "due_at"])
