"""What the patient's page and the list show, loaded in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic import clock
from clinic.models import Site, User
from clinic.permissions import Permission
from patients.contact_points import show_phone
from patients.models import Clearance, Condition, Consent, Contact, Flag, Measure, Observation, Patient, Screening
from patients.selectors import Standing, age_on, standing
from scheduling.messages.selectors import of_patient
from scheduling.models import Appointment, Message
from scheduling.selectors.authorised import Sessions, sessions_for
from scheduling.selectors.journey import Journey


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    patient: Patient
    phone: str
    next_visit: Appointment | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of a screening and what was answered."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Clinical:
    """What only those see who may see clinical data."""

    flags: Sequence[Flag]
    conditions: Sequence[Condition]
    screening: Screening | None
    answers: Sequence[Answer]
    readings: Sequence[Observation]

    @property
    def raised(self) -> list[Answer]:
        """The questions answered yes or not sure."""
        return [answer for answer in self.answers if answer.answer != "No"]

    @property
    def denied(self) -> list[Answer]:
        """The questions answered no."""
        return [answer for answer in self.answers if answer.answer == "No"]


@dataclass(frozen=True, slots=True)
class Page:
    """One patient's page. `site` is the first one that user and patient share: its zone dates the standing."""

    patient: Patient
    site: Site
    sites: Sequence[Site]
    age: int
    phone: str
    contacts: Sequence[Contact]
    standing: Standing
    consents: Sequence[Consent]
    #: When the screening was last answered: what was said is in `clinical`.
    screened_at: datetime | None
    sessions: Sessions
    clinical: Clinical | None
    journey: Journey
    messages: Sequence[Message]

    @property
    def drivers(self) -> list[Contact]:
        """Of a patient who has died: who was to drive from a visit to come. Nobody writes to them; one may call."""
        if self.patient.deceased_at is None:
            return []
        now = clock.now()
        rides = [getattr(visit, "ride", None) for visit in self.journey.visits if visit.starts > now]
        return list(dict.fromkeys(ride.companion for ride in rides if ride is not None and ride.companion is not None))

    @property
    def decision(self) -> Clearance | None:
        """The newest decision."""
        return self.standing.latest


def with_next_visits(user: User, patients: Sequence[Patient]) -> list[Row]:
    """The patients of a list with the next visit of each. Two queries."""
    first: dict[object, Appointment] = {}
    visits = (
        Appointment.objects.for_user(user)
        .blocking()
        .filter(patient__in=patients, ends__gt=clock.now())
        .select_related("site")
        .order_by("-starts")
    )
    for visit in visits:
        first[visit.patient_id] = visit
    home = Site.objects.for_user(user).first()
    country = home.country if home is not None else ""
    return [Row(person, show_phone(person.phone, country), first.get(person.pk)) for person in patients]


def load(patient: Patient, user: User, journey: Journey) -> Page:
    """Everything that `user` may see of the patient, who comes to one of the user's sites, but for the timeline.
    `journey`: of the same patient and user."""
    sites = list(Site.objects.for_user(user).filter(patients=patient))
    site = sites[0]
    today = clock.today(site.zone)
    return Page(
        patient=patient,
        site=site,
        sites=sites,
        age=age_on(patient.birth_date, patient.deceased_at or today),
        phone=show_phone(patient.phone, site.country),
        contacts=list(patient.contacts.filter(is_active=True)),
        standing=standing(patient, today),
        consents=list(patient.consents.filter(withdrawn_at=None).select_related("document").defer("document__content")),
        screened_at=patient.screenings.values_list("answered_at", flat=True).first(),
        sessions=sessions_for(patient.pk),
        clinical=_clinical(patient) if user.may(Permission.VIEW_CLINICAL) else None,
        journey=journey,
        messages=of_patient(patient, user),
    )


def _clinical(patient: Patient) -> Clinical:
    screening = patient.screenings.select_related("questionnaire").first()
    return Clinical(
        flags=list(patient.flags.filter(withdrawn_at=None).select_related("decided_in")),
        conditions=list(patient.conditions.all()),
        screening=screening,
        answers=_answers(screening) if screening is not None else [],
        readings=_latest_readings(patient),
    )


def _answers(screening: Screening) -> list[Answer]:
    """Yes first, then not sure, then no: what matters on top."""
    order = ("yes", "unsure", "no")
    words = {"yes": "Yes", "unsure": "Not sure", "no": "No"}
    found = [
        (screening.answers.get(question["id"], "unsure"), question["text"]["en"])
        for question in screening.questionnaire.questions
    ]
    return [Answer(text, words[answer]) for answer, text in sorted(found, key=lambda item: order.index(item[0]))]


def _latest_readings(patient: Patient) -> list[Observation]:
    """The newest value of each measure, in the order of the measures."""
    newest = Observation.objects.filter(patient=patient).order_by("measure", "-effective_at").distinct("measure")
    places = {measure.value: place for place, measure in enumerate(Measure)}
    return sorted(newest, key=lambda reading: places[reading.measure])
