"""One sheet of paper for a patient: all dates, how to prepare for each, who drives, how to reach the clinic."""

from dataclasses import dataclass

from clinic import clock
from clinic.models import Site
from patients.contact_points import show_phone
from patients.models import Patient
from scheduling.messages.visit_words import VisitWords, visit_words
from scheduling.models import Appointment, Ride
from scheduling.preparation import Preparation, each_once, preparation_for


@dataclass(frozen=True, slots=True)
class SheetVisit:
    """One date: in words, held or booked, the steps to prepare, and who drives (empty: nobody yet)."""

    words: VisitWords
    is_held: bool
    steps: tuple[str, ...]
    needs_ride: bool
    driver: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed, in the active language. `site` is None for a patient without visits and sites."""

    site: Site | None
    phone: str
    visits: tuple[SheetVisit, ...]
    bring: str
    medicines: str
    needs_ride: bool


def sheet_of(patient: Patient) -> Sheet:
    """The patient's visits to come, at the site of the next one."""
    visits = list(
        Appointment.objects.filter(
            patient=patient,
            status__in=[Appointment.Status.PROPOSED, Appointment.Status.BOOKED],
            ends__gt=clock.now(),
        )
        .select_related("site", "protocol_version", "ride__companion")
        .prefetch_related("protocol_version__texts")
        .order_by("starts")
    )
    site = visits[0].site if visits else patient.sites.order_by("name").first()
    prepared = [preparation_for(visit) for visit in visits]
    lines = tuple(map(_line, visits, prepared))
    return Sheet(
        site=site,
        phone=show_phone(site.phone, site.country) if site is not None else "",
        visits=lines,
        bring=each_once(one.bring for one in prepared),
        medicines=each_once(one.medicines for one in prepared),
        needs_ride=any(line.needs_ride for line in lines),
    )


def _line(visit: Appointment, prepared: Preparation) -> SheetVisit:
    ride: Ride | None = getattr(visit, "ride", None)
    companion = ride.companion if ride is not None and ride.status in Ride.SETTLED else None
    waived = ride is not None and ride.status == Ride.Status.WAIVED
    return SheetVisit(
        words=visit_words(visit),
        is_held=visit.status == Appointment.Status.PROPOSED,
        steps=prepared.steps,
        needs_ride=visit.protocol_version.needs_ride and not waived,
        driver=companion.name if companion is not None else "",
    )
