"""Managers search the audit trail: in words, within their sites, and without reading health data."""

import csv
import io
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients.models import Measure, Observation, Patient
from scheduling.actions import moving
from scheduling.setup.csv_cells import safe
from tests.desk.conftest import SignIn
from tests.desk.pages import text
from tests.factories import Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db
TRAIL = "setup:trail"


def file_of(answer: object) -> list[dict[str, str]]:
    """The rows of a CSV answer."""
    body = b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a streamed answer
    return list(csv.DictReader(io.StringIO(body.decode())))


def test_a_cancellation_is_found_with_who_what_and_why(manager: Client, harbor: Clinic, patient: Patient) -> None:
    visit = visits_of(book(harbor, patient))[0]
    moving.cancel_visit(by=harbor.by(Role.FRONT_DESK), appointment=visit, reason="A heavy cold.", version=0)

    page = manager.get(reverse(TRAIL), {"patient": "quill ada", "table": "scheduling_appointment", "who": "finn"})

    said = text(page)
    assert "Finn Okafor" in said
    assert "A heavy cold." in said
    assert "booked" in said
    assert "cancelled" in said
    assert "cancel_visit" in said


def test_what_clinical_fields_say_is_not_shown(manager: Client, patient: Patient) -> None:
    Observation.objects.create(patient=patient, measure=Measure.PAIN, value="8.25", effective_at=clock.now())
    page = manager.get(reverse(TRAIL), {"table": "patients_observation"})
    rows = file_of(manager.get(reverse("setup:trail_csv"), {"table": "patients_observation"}))

    assert "(clinical, not shown)" in text(page)
    assert "8.25" not in page.content.decode()
    assert len(rows) == 1
    assert "8.25" not in str(rows)
    assert "value" in rows[0]["columns"]


def test_another_sites_patients_are_not_on_it(manager: Client, patient: Patient) -> None:
    make_patient(make_clinic(name="Mesa").site, given_name="Zelda", family_name="Farmer")

    page = manager.get(reverse(TRAIL), {"table": "patients_patient"}).content.decode()
    assert "Zelda" not in page
    assert "Ada" in page


def test_openings_are_listed_and_a_copy_is_on_the_trail_itself(
    manager: Client, signed_in: SignIn, patient: Patient
) -> None:
    signed_in(Role.NURSE).get(reverse("desk:patient", args=[patient.pk]))

    assert "Nurse 1 opened patient " in text(manager.get(reverse(TRAIL), {"operation": "open"}))
    rows = file_of(manager.get(reverse("setup:trail_csv"), {"operation": "open"}))

    assert [(row["who"], row["deed"], row["what"], row["patient record"]) for row in rows] == [
        ("Mona Reyes", "took a copy of", "setup:trail_csv", ""),
        ("Nurse 1", "opened", "desk:patient", str(patient.record_number)),
    ]
    assert AuditEvent.objects.get(action="setup:trail_csv").reason == "deed open"


def test_a_day_that_cannot_be_read_is_said_and_lists_nothing(manager: Client) -> None:
    page = manager.get(reverse(TRAIL), {"first": "2027-04-06", "last": "2027-04-05"})

    assert page.status_code == 422
    assert "The last day lies before the first." in text(page)
    assert manager.get(reverse("setup:trail_csv"), {"first": "soon"}).status_code == 422


def test_days_narrow_it(manager: Client, patient: Patient) -> None:
    """The trail has its own clock, the database's."""
    day = clock.local(AuditEvent.objects.latest("pk").at, harbor_zone(patient)).date()

    assert manager.get(reverse(TRAIL), {"first": day.isoformat()}).context["lines"]
    assert not manager.get(reverse(TRAIL), {"last": (day - timedelta(days=1)).isoformat()}).context["lines"]


def harbor_zone(patient: Patient) -> ZoneInfo:
    """The zone of the patient's site."""
    return patient.sites.get().zone


def test_a_day_at_the_end_of_the_calendar_is_refused_with_the_rest_kept(manager: Client, patient: Patient) -> None:
    for name in (TRAIL, "setup:trail_csv"):
        page = manager.get(reverse(name), {"last": "9999-12-31", "who": "finn"})
        assert page.status_code == 422
        assert 'value="finn"' in page.content.decode()
        assert f"?first={page.context['today']}" in page.content.decode()


def test_a_clerk_may_not_read_it(signed_in: SignIn) -> None:
    assert signed_in(Role.FRONT_DESK).get(reverse(TRAIL)).status_code == 403


def test_pages_go_back_in_time_and_the_number_of_queries_does_not_grow(
    manager: Client, harbor: Clinic, patient: Patient
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            manager.get(reverse(TRAIL))
        return len(caught)

    queries()
    few = queries()
    for number in range(60):
        Patient.objects.filter(pk=patient.pk).update(note=str(number))
    page = manager.get(reverse(TRAIL))

    assert queries() == few
    assert len(page.context["lines"]) == 50
    older = manager.get(reverse(TRAIL), {"before": page.context["older"]})
    assert older.context["lines"][0].event.pk < page.context["lines"][-1].event.pk


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_a_spreadsheet_gets_no_formula_from_what_somebody_typed(formula: str) -> None:
    assert safe(formula) == f"'{formula}"
    assert safe("Ada") == "Ada"
    assert safe(-1) == -1
