"""What the clearance page shows about one patient, gathered once, in a number of queries that does not grow with the
record.
"""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.functional import cached_property

from clinic import clock
from clinic.models import User
from patients.actions import home_site
from patients.models import (
    SCORES,
    Clearance,
    Condition,
    Consent,
    ConsultRequest,
    Flag,
    Measure,
    Observation,
    Patient,
    Screening,
)
from patients.selectors import age_on
from scheduling.models import Appointment
from scheduling.selectors.alerts import BareTotal, bare_total_of

#: How many values of each measure the page shows.
LATEST = 3


class Case:
    """One patient's facts for the doctor who decides. Dates and times are those of the patient's home site."""

    def __init__(self, patient: Patient, user: User) -> None:
        self.patient = patient
        self.user = user
        self.zone: ZoneInfo = home_site(patient).zone

    @property
    def age(self) -> int:
        """In completed years, today."""
        return age_on(self.patient.birth_date, clock.today(self.zone))

    @cached_property
    def flags(self) -> list[Flag]:
        """Every finding that stands, undecided ones first."""
        found = list(
            Flag.objects.filter(patient=self.patient, withdrawn_at=None).select_related("decided_in__decided_by")
        )
        return sorted(found, key=lambda flag: (flag.decided_in_id is not None, flag.kind))

    @property
    def open_flags(self) -> list[Flag]:
        """Findings that no doctor has decided about."""
        return [flag for flag in self.flags if flag.decided_in_id is None]

    @cached_property
    def decisions(self) -> list[Clearance]:
        """Every decision so far, newest first."""
        return list(Clearance.objects.filter(patient=self.patient).select_related("decided_by").order_by("-decided_at"))

    @cached_property
    def screening(self) -> Screening | None:
        """The newest answers."""
        return Screening.objects.filter(patient=self.patient).select_related("questionnaire").first()

    @property
    def answers(self) -> list[tuple[str, str]]:
        """(question in English, answer), yes and unsure first."""
        if self.screening is None:
            return []
        rank = {"yes": 0, "unsure": 1, "no": 2}
        texts = {question["id"]: question["text"]["en"] for question in self.screening.questionnaire.questions}
        given = [(texts.get(name, name), answer) for name, answer in self.screening.answers.items()]
        return sorted(given, key=lambda pair: rank.get(pair[1], len(rank)))

    @cached_property
    def conditions(self) -> list[Condition]:
        """Imported diagnoses, active ones first."""
        found = list(Condition.objects.filter(patient=self.patient))
        return sorted(found, key=lambda condition: condition.clinical_status not in {"active", "recurrence", "relapse"})

    @cached_property
    def asked(self) -> ConsultRequest | None:
        """What the patient asked for help with, in their own words; the newest."""
        said = self.patient.consult_requests.exclude(complaint="", tried="")
        return said.order_by("-created_at").first()

    @cached_property
    def consent(self) -> Consent | None:
        """The consent that reaches furthest."""
        return Consent.objects.filter(patient=self.patient, withdrawn_at=None).order_by("-valid_until").first()

    @cached_property
    def _values(self) -> dict[str, list[Observation]]:
        newest: dict[str, list[Observation]] = {}
        for value in Observation.objects.filter(patient=self.patient).order_by("-effective_at"):
            kept = newest.setdefault(value.measure, [])
            if len(kept) < LATEST:
                kept.append(value)
        return newest

    @property
    def readings(self) -> list[tuple[str, list[tuple[Decimal, Observation]]]]:
        """The newest values of each vital sign: (name, [(value, observation)])."""
        return self._named([measure for measure in Measure if measure not in SCORES])

    @property
    def pressures(self) -> list[tuple[str, date]]:
        """The last blood pressures in whole mmHg, ("152/95", local date of the site), to read a flag beside."""
        diastolic = self._values.get(Measure.DIASTOLIC, ())
        lower = {one.source_id: one for one in diastolic}
        at_once = {one.effective_at: one for one in diastolic}
        found = []
        for value in self._values.get(Measure.SYSTOLIC, ()):
            beside = lower.get(value.source_id) or at_once.get(value.effective_at)
            halves = (f"{one.value:.0f}" if one is not None else "?" for one in (value, beside))
            found.append(("/".join(halves), clock.local(value.effective_at, self.zone).date()))
        return found

    @cached_property
    def bare_total(self) -> BareTotal | None:
        """A PHQ-9 of which nobody knows the answer about self-harm."""
        return bare_total_of(self.patient)

    @property
    def scores(self) -> list[tuple[str, list[tuple[Decimal, Observation]]]]:
        """The newest values of each score."""
        return self._named(list(SCORES))

    def _named(self, measures: list[Measure]) -> list[tuple[str, list[tuple[Decimal, Observation]]]]:
        return [
            (str(measure.label), [(value.value.normalize(), value) for value in self._values[measure]])
            for measure in measures
            if measure in self._values
        ]

    @cached_property
    def visits(self) -> list[Appointment]:
        """Visits to come at the sites of the doctor, nearest first."""
        return list(
            Appointment.objects.for_user(self.user)
            .filter(patient=self.patient, status__in=Appointment.BLOCKING, ends__gte=clock.now())
            .select_related("site", "protocol_version__protocol")
            .order_by("starts")
        )

    @property
    def last_visit_day(self) -> date | None:
        """The local day of the last visit booked so far."""
        if not self.visits:
            return None
        last = self.visits[-1]
        return clock.local(last.starts, last.site.zone).date()
