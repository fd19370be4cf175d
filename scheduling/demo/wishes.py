"""What patients of the demo ask for, and a plan that is kept while one of them asks the driver."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import uuid4

from clinic import clock
from clinic.actor import Actor
from clinic.models import Site
from patients.actions import ask_for_consult
from patients.models import Language, Patient
from scheduling.actions import offers, requests
from scheduling.actions.series_writing import SeriesOrder
from scheduling.demo.cast import SHOT
from scheduling.demo.places import HARBOR, MESA
from scheduling.models import Appointment, ChangeRequest, ProtocolVersion
from scheduling.planner.values import Wishes
from scheduling.selectors import planning

#: Who asks for a consult on the web, at which site: (name, telephone, language, best times, what for, what was tried).
ASKING = (
    (
        HARBOR,
        "Rosalind Achterberg",
        "617-555-0188",
        Language.ENGLISH,
        "Mondays or Fridays, after 2 pm",
        "Fibromyalgia since 2019; I cannot work more than three hours a day.",
        "Duloxetine, pregabalin, warm water exercise",
    ),
    (
        HARBOR,
        "Alma Whitfield",
        "",
        Language.ENGLISH,
        "mornings, not Wednesdays",
        "Pain in my legs, no sleep.",
        "",
    ),
    (
        MESA,
        "Lucía Arroyo",
        "480-555-0143",
        Language.SPANISH,
        "los martes por la tarde",
        "Dolor en todo el cuerpo desde hace cuatro años.",
        "Gabapentina y fisioterapia",
    ),
)
#: Who asks for another time: family name, kind, what suits, and their words.
CHANGES = (
    ("Clarke", ChangeRequest.Kind.MOVE, {0: ((780, 1080),), 4: ((780, 1080),)}, "My shifts have changed."),
    ("Park", ChangeRequest.Kind.MOVE, dict.fromkeys(range(5), ((480, 780),)), "My daughter can only drive before one."),
)
FIRST_POSSIBLE = timedelta(days=3)


def make_requests(sites: Mapping[str, Site], versions: Mapping[str, ProtocolVersion], desk: Actor) -> None:
    """Consult requests, visits to move, and a kept plan, as of yesterday evening."""
    asked_at = clock.now() - timedelta(hours=14)
    for site, name, phone, language, best_times, complaint, tried in ASKING:
        with clock.at_moment(asked_at):
            ask_for_consult(
                by=Actor("visitor", "", name),
                site=sites[site],
                key=uuid4(),
                name=name,
                phone=phone,
                email="" if phone else f"{name.split()[0].lower()}@patients.example",
                language=language,
                complaint=complaint,
                tried=tried,
                best_times=best_times,
            )
    for family, kind, suits, words in CHANGES:
        _ask(family, kind, Wishes(patient_can=suits), words)
    _keep(sites[MESA], versions[SHOT], desk)


def _ask(family: str, kind: str, wishes: Wishes, words: str) -> None:
    """The patient asks about the first visit that is at least two days off; without one nothing is asked."""
    visit = (
        Appointment.objects.filter(
            patient__family_name=family,
            status=Appointment.Status.BOOKED,
            series__isnull=False,
            starts__gt=clock.now() + timedelta(days=2),
        )
        .select_related("patient")
        .order_by("starts")
        .first()
    )
    if visit is not None:
        requests.ask_for_change(by=visit.patient.as_actor, appointment=visit, kind=kind, wishes=wishes, words=words)


def _keep(site: Site, version: ProtocolVersion, desk: Actor) -> None:
    """A plan for Pilar Navarro is kept for two days, while she asks who can drive."""
    patient = Patient.objects.get(family_name="Navarro")
    first_day = clock.today(site.zone) + FIRST_POSSIBLE
    wishes = Wishes(preferred_from=9 * 60, preferred_until=12 * 60)
    found = planning.plan_series(
        site=site,
        version=version,
        wishes=wishes,
        first_day=first_day,
        patient=patient,
        now=clock.now(),
        alternatives=1,
    )
    if found.best is not None:
        order = SeriesOrder(patient, site, version, first_day, wishes, planning.moments_of(found.best))
        offers.keep_plan(by=desk, order=order, hours=48, key=uuid4())
