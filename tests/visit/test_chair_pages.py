"""The visit's page and what is written down on it, through a browser's requests: who sees what, and what is kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from scheduling.actions.visit import arrive, start
from scheduling.actions.visit_notes import note_effects, record_dose, record_reading
from scheduling.actions.visit_questions import ask_doctor
from scheduling.models import AdverseEvent, Appointment, Dose, Order, Reading
from tests.desk.pages import without_ids
from tests.factories import NOW
from tests.visit.conftest import Ward
from tests.visit.worlds import make_visit, name_ride


def url(name: str, visit: Appointment) -> str:
    return reverse(f"nurse:{name}", args=[visit.pk])


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def nurse(ward: Ward) -> Client:
    """The nurse at the chair."""
    return ward.signed_in(Role.NURSE)


@pytest.fixture
def running(ward: Ward) -> Ward:
    """The drip runs under limits."""
    version = ward.clinic.induction
    version.systolic_limit, version.diastolic_limit, version.reading_every_minutes = 160, 100, 15
    version.save()
    by = ward.clinic.by(Role.NURSE)
    name_ride(ward.visit, ward.companion)
    arrive(by=by, appointment=ward.visit)
    ward.visit.refresh_from_db()
    record_reading(by=by, appointment=ward.visit, values={"systolic": 128, "diastolic": 80})
    start(by=by, appointment=ward.visit)
    return ward


def test_a_temperature_is_typed_as_thermometers_of_the_country_show_it_and_comes_back_as_typed(
    running: Ward, nurse: Client
) -> None:
    nurse.post(url("reading", running.visit), {"reading-temperature": "99.7"})
    assert float(Reading.objects.get(temperature__isnull=False).temperature or 0) == 37.61
    assert "99.7" in text(nurse.get(url("visit", running.visit)))
    running.clinic.site.country = "DE"
    running.clinic.site.save()
    nurse.post(url("reading", running.visit), {"reading-temperature": "38.2"})
    page = text(nurse.get(url("visit", running.visit)))
    assert "38.2" in page
    assert "37.6" in page


def test_a_value_that_cannot_be_true_is_marked_at_its_field_and_what_was_typed_is_kept(
    running: Ward, nurse: Client
) -> None:
    typed = {"reading-systolic": "1280", "reading-diastolic": "80", "reading-pulse": "77", "reading-note": "left arm"}
    answer = nurse.post(url("reading", running.visit), typed)
    assert answer.status_code == 422
    page = text(answer)
    assert "Systolic lies between 40 and 300" in page
    for kept in ("1280", "77", "left arm"):
        assert f'value="{kept}"' in page
    half = nurse.post(url("reading", running.visit), {"reading-systolic": "128"})
    assert "A blood pressure has two numbers" in text(half)


def test_the_dose_is_never_filled_in_and_one_over_the_order_is_said_at_once(running: Ward, nurse: Client) -> None:
    doctor = running.signed_in(Role.DOCTOR)
    ordered = {
        "order-scope": "series",
        "order-drug": "ketamine",
        "order-route": "iv",
        "order-least": "35",
        "order-most": "40",
        "order-unit": "mg",
        "order-rate": "over 40 minutes",
    }
    assert doctor.post(url("order", running.visit), ordered).status_code == 302
    page = text(nurse.get(url("visit", running.visit)))
    assert 'name="dose-drug" value="ketamine"' in page
    assert 'name="dose-amount" value=' not in page
    given = {"dose-is_treatment": "yes", "dose-drug": "ketamine", "dose-amount": "45", "dose-unit": "mg"}
    given |= {"dose-route": "iv", "dose-rate": "over 40 minutes"}
    said = nurse.post(url("dose", running.visit), given, follow=True)
    assert "Kept, and marked: more than ordered." in text(said)
    assert Dose.objects.get().order == Order.objects.get()


def test_only_a_doctor_writes_orders_and_answers(running: Ward, nurse: Client) -> None:
    assert nurse.get(url("order", running.visit)).status_code == 403
    assert nurse.post(url("answer", running.visit), {"about": "ride"}).status_code == 403


def test_an_order_that_is_refused_keeps_what_was_typed(running: Ward) -> None:
    doctor = running.signed_in(Role.DOCTOR)
    typed = {"order-scope": "visit", "order-drug": "ketamine", "order-route": "iv", "order-least": "40"}
    answer = doctor.post(url("order", running.visit), typed | {"order-most": "35", "order-unit": "mg"})
    assert answer.status_code == 422
    assert "smaller dose to the larger" in text(answer)
    assert 'value="ketamine"' in text(answer)


def test_an_event_is_written_down_with_its_call_and_the_doctors_are_asked(running: Ward, nurse: Client) -> None:
    typed = {
        "event-what": "Fainted",
        "event-severity": "severe",
        "event-action_taken": "Laid flat",
        "event-call_on": "2027-04-06",
    }
    nurse.post(url("event", running.visit), typed)
    event = AdverseEvent.objects.get()
    assert (event.severity, event.doctor_told, str(event.call_on)) == ("severe", None, "2027-04-06")
    assert "an adverse event" in text(running.signed_in(Role.DOCTOR).get(reverse("doctor:home")))
    nurse.post(url("told", running.visit), {"told-doctor_told": str(running.clinic.doctor.pk)})
    event.refresh_from_db()
    assert event.doctor_told == running.clinic.doctor


def test_the_desk_sees_the_visit_and_nothing_clinical_of_it(running: Ward) -> None:
    by = running.clinic.by(Role.NURSE)
    with clock.at_moment(NOW + timedelta(minutes=10)):
        record_reading(by=by, appointment=running.visit, values={"systolic": 181, "diastolic": 99})
        note_effects(by=by, appointment=running.visit, kinds=["hallucination"], strength="strong")
        ask_doctor(by=by, appointment=running.visit, about="other", words="Sees colours")
        page = without_ids(text(running.signed_in(Role.FRONT_DESK).get(url("visit", running.visit))))
        seen = text(running.signed_in(Role.NURSE).get(url("visit", running.visit)))
    for clinical in ("181", "allucination", "Sees colours", "over the limit"):
        assert clinical in seen
        assert clinical not in page


def test_the_page_asks_as_many_queries_for_three_readings_as_for_many(running: Ward, nurse: Client) -> None:
    by = running.clinic.by(Role.NURSE)

    def write(how_many: int) -> None:
        for _ in range(how_many):
            record_reading(by=by, appointment=running.visit, values={"pulse": 70})
            note_effects(by=by, appointment=running.visit, kinds=["nausea"], strength="mild")
            record_dose(
                by=by,
                appointment=running.visit,
                drug="saline",
                amount=1,  # type: ignore[arg-type]
                unit="mL",
                route="iv",
                is_treatment=False,
            )

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            nurse.get(url("visit", running.visit))
        return len(caught)

    write(3)
    nurse.get(url("visit", running.visit))
    few = queries()
    write(60)
    assert queries() == few


def test_the_list_asks_as_many_queries_for_four_drips_as_for_thirty(running: Ward, nurse: Client) -> None:
    by = running.clinic.by(Role.NURSE)

    def drips(how_many: int) -> None:
        for _ in range(how_many):
            visit = make_visit(running.clinic, starts=NOW + timedelta(days=1), cleared=True, consented=True)
            visit.holds.all().delete()
            Appointment.objects.filter(pk=visit.pk).update(starts=NOW, ends=NOW + timedelta(minutes=115))
            visit.refresh_from_db()
            name_ride(visit, running.companion)
            arrive(by=by, appointment=visit)
            record_reading(by=by, appointment=visit, values={"systolic": 170, "diastolic": 80})
            ask_doctor(by=by, appointment=visit, about="reading")

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            nurse.get(reverse("nurse:home"))
        return len(caught)

    drips(3)
    nurse.get(reverse("nurse:home"))
    few = queries()
    drips(27)
    assert queries() == few


def test_a_notice_that_something_is_over_the_limit_or_beyond_the_order_warns(running: Ward, nurse: Client) -> None:
    within = nurse.post(url("reading", running.visit), {"reading-pulse": "77"}, follow=True)
    over = nurse.post(
        url("reading", running.visit), {"reading-systolic": "181", "reading-diastolic": "99"}, follow=True
    )
    dose = {"is_treatment": "yes", "drug": "ketamine", "amount": "40", "unit": "mg", "route": "iv"}
    marked = nurse.post(
        url("dose", running.visit), {f"dose-{name}": typed for name, typed in dose.items()}, follow=True
    )
    levels = [[one.level_tag for one in answer.context["messages"]] for answer in (within, over, marked)]
    assert levels == [["success"], ["warning"], ["warning"]]
