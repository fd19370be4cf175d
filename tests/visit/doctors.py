"""What the tests of the doctor's pages share."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from patients.models import Flag, FlagKind, Patient, Questionnaire, Screening
from scheduling.models import BoosterPlan, Series
from tests.factories import NOW, Clinic, make_patient
from tests.visit.worlds import make_given, make_series


def text_of(response: Any) -> str:
    """The page as text on one line."""
    return " ".join(response.content.decode().split())


def clearance_url(patient: Patient) -> str:
    """The address of the patient's clearance page."""
    return reverse("doctor:clearance", args=[patient.pk])


def sign_in(clinic: Clinic, role: Role) -> Client:
    """A browser in which the clinic's person of that role is signed in."""
    user = clinic.by(role).user
    assert user is not None
    client = Client()
    client.force_login(user)
    return client


def make_course(clinic: Clinic) -> Series:
    """Six infusions given, the last one four days ago."""
    patient = make_patient(clinic.site, cleared=True, consented=True)
    series = make_series(clinic, patient)
    for number in range(1, 7):
        make_given(clinic, series, number, NOW - timedelta(days=4 + 3 * (6 - number)))
    return series


def answer_screening(patient: Patient) -> Screening:
    """A screening answered now."""
    return Screening.objects.create(
        patient=patient,
        questionnaire=Questionnaire.objects.get(is_current=True),
        answers={"seizure": "yes"},
        medicines="Levothyroxine",
        answered_at=clock.now(),
    )


def make_flag(patient: Patient, **fields: Any) -> Flag:
    """Epilepsy, imported, that no doctor has decided about."""
    values: dict[str, Any] = {
        "patient": patient,
        "kind": FlagKind.SEIZURE,
        "source": Flag.Source.CONDITION,
        "detail": "Epilepsy, SNOMED CT 84757009, active since 2011-03-02",
        "code": "84757009",
        "source_id": uuid4().hex,
        "dated": date(2011, 3, 2),
        "found_at": clock.now(),
    }
    return Flag.objects.create(**(values | fields))


def count_queries(client: Client, url: str, counter: Any) -> int:
    """How many queries the page asks, once warm."""
    client.get(url)
    with counter(60) as captured:
        client.get(url)
    return len(captured)


def maintain(clinic: Clinic, series: Series, days: int = 21) -> BoosterPlan:
    """The doctor has set an interval, and nothing is booked."""
    series.stage = Series.Stage.MAINTENANCE
    series.save()
    return BoosterPlan.objects.create(
        series=series, interval_days=days, tolerance_days=3, reason="As seen", set_by=clinic.doctor, set_at=clock.now()
    )
