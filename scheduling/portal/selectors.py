"""What the pages behind links show: visits to come, and who drives."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from clinic import clock
from clinic.models import Site
from patients.models import Contact, Measure, Observation, Patient, Screening
from scheduling.models import Appointment, Message, Ride


def visits_to_come(patient: Patient, now: datetime) -> list[Appointment]:
    """The patient's visits that are not over at `now`, soonest first, each with its site, texts, ride and requests."""
    return list(
        Appointment.objects.blocking()
        .filter(patient=patient, ends__gt=now)
        .select_related("site", "patient", "protocol_version", "practitioner", "series", "ride__companion")
        .prefetch_related("protocol_version__texts", "change_requests")
        .order_by("starts")
    )


def rides_to_come(contact: Contact, now: datetime) -> list[Ride]:
    """The rides that the companion is named for (or has declined), not over at `now`, soonest first. A visit that runs
    late is not over while the patient is here.
    """
    return list(
        Ride.objects.filter(
            Q(appointment__ends__gt=now, appointment__status__in=Appointment.BLOCKING)
            | Q(appointment__status=Appointment.Status.ARRIVED),
            companion=contact,
            status__in=[Ride.Status.NAMED, Ride.Status.CONFIRMED, Ride.Status.DECLINED],
        )
        .select_related(
            *("appointment__site", "appointment__record", "appointment__protocol_version", "appointment__series"),
            "companion",
        )
        .prefetch_related("appointment__protocol_version__phases", "appointment__pauses")
        .order_by("appointment__starts")
    )


def screening_wanted(patient: Patient, visits: Sequence[Appointment]) -> bool:
    """Whether the questions wait for an answer: never given, with a visit to come, or asked for since. One query."""
    about = Message.objects.filter(patient=OuterRef("pk"), kind=Message.Kind.SCREENING)
    answered, asked = (
        Patient.objects.filter(pk=patient.pk)
        .values_list(
            Subquery(Screening.objects.filter(patient=OuterRef("pk")).values("answered_at")[:1]),
            Subquery(about.exclude(state=Message.State.SKIPPED).order_by("-created_at").values("created_at")[:1]),
        )
        .get()
    )
    if answered is None:
        return asked is not None or bool(visits)
    return asked is not None and asked > answered


def site_of(patient: Patient, visits: Sequence[Appointment]) -> Site | None:
    """The site that the page speaks for: that of the next visit, else the patient's first."""
    return visits[0].site if visits else patient.sites.order_by("name").first()


def site_for(patient: Patient) -> Site | None:
    """The site of a page that shows no visits."""
    following = Appointment.objects.blocking().filter(patient=patient, ends__gt=clock.now())
    visit = following.select_related("site").order_by("starts").first()
    return site_of(patient, [visit] if visit is not None else [])


def own_scores(patient: Patient, newest: int = 5) -> list[Observation]:
    """The scores that the patient has given, the newest first."""
    said = Observation.objects.filter(patient=patient, measure=Measure.PAIN, source=Observation.Source.PATIENT)
    return list(said.order_by("-effective_at")[:newest])
