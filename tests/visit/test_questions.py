"""Asking a doctor at the chair: the question is on the doctors' list, and the answer does what it says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.errors import GateClosed, NotAllowed, Refused, WrongStatus
from clinic.permissions import Role
from patients.actions import decide_clearance
from patients.selectors import latest_clearance
from scheduling.actions.visit import arrive, discharge, end_visit, start, to_recovery
from scheduling.actions.visit_notes import record_reading
from scheduling.actions.visit_questions import answer_doctor, ask_doctor, write_order
from scheduling.models import Appointment, Ending, Question, Ride
from scheduling.selectors.asked import questions_waiting, without_order
from scheduling.selectors.gates import shut_gates
from tests.factories import NOW, make_clinic
from tests.visit.conftest import Ward
from tests.visit.worlds import make_visit, name_ride

Status = Appointment.Status


@pytest.fixture
def here(ward: Ward) -> Ward:
    """The patient is here; nobody drives home yet."""
    arrive(by=ward.clinic.by(Role.NURSE), appointment=ward.visit)
    ward.visit.refresh_from_db()
    return ward


@pytest.fixture
def high(here: Ward) -> Ward:
    """A companion is named, and the pressure is over the limit."""
    name_ride(here.visit, here.companion)
    version = here.clinic.induction
    version.systolic_limit = 160
    version.save()
    here.visit.refresh_from_db()
    record_reading(by=here.clinic.by(Role.NURSE), appointment=here.visit, values={"systolic": 182, "diastolic": 100})
    return here


def ask(ward: Ward, about: str, words: str = "") -> Question:
    return ask_doctor(by=ward.clinic.by(Role.NURSE), appointment=ward.visit, about=about, words=words)


def answer(ward: Ward, about: str, word: str, reason: str = "Seen in person", role: Role = Role.DOCTOR) -> Question:
    return answer_doctor(by=ward.clinic.by(role), appointment=ward.visit, about=about, answer=word, reason=reason)


def test_a_question_is_on_the_list_of_the_doctors_of_that_site_once(here: Ward) -> None:
    for _ in range(2):
        ask(here, "ride", "Lives across the street")
    doctor, elsewhere = here.clinic.doctor.user, make_clinic(name="Mesa").doctor.user
    assert doctor is not None
    assert elsewhere is not None
    assert [one.words for one in questions_waiting(doctor)] == ["Lives across the street"]
    assert questions_waiting(elsewhere) == []


def test_a_waiver_that_was_asked_for_waives_the_ride_and_the_nurse_sees_the_answer(here: Ward) -> None:
    question = ask(here, "ride")
    assert shut_gates(here.visit)
    answer(here, "ride", "go_ahead", "Her son, 17, walks her home next door")
    question.refresh_from_db()
    assert (question.answer, question.answered_by) == ("go_ahead", here.clinic.doctor)
    assert Ride.objects.get().status == Ride.Status.WAIVED
    here.visit.refresh_from_db()
    assert shut_gates(here.visit) == []
    page = here.signed_in(Role.NURSE).get(reverse("nurse:visit", args=[here.visit.pk]))
    assert "walks her home next door" in page.content.decode()


def test_a_no_waives_nothing(here: Ward) -> None:
    ask(here, "ride")
    answer(here, "ride", "no", "Too far")
    assert not Ride.objects.filter(status=Ride.Status.WAIVED).exists()
    assert shut_gates(here.visit)


@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK, Role.MANAGER])
def test_only_a_doctor_answers(here: Ward, role: Role) -> None:
    ask(here, "ride")
    with pytest.raises(NotAllowed):
        answer(here, "ride", "go_ahead", role=role)
    assert Question.objects.get().answer == ""


def test_an_answer_gives_its_reason_and_is_one_that_the_question_has(here: Ward) -> None:
    with pytest.raises(Refused, match="Give the reason"):
        answer(here, "ride", "go_ahead", " ")
    with pytest.raises(Refused, match="Choose one of the answers"):
        answer(here, "ride", "suspend")


def test_something_else_is_asked_in_words(here: Ward) -> None:
    with pytest.raises(Refused, match="what the doctor has to know"):
        ask(here, "other")
    assert ask(here, "other", "Says she may be pregnant").about == "other"


def test_not_today_ends_the_visit_and_leaves_the_series_as_it_is(high: Ward) -> None:
    ask(high, "reading")
    answer(high, "reading", "not_today", "Come back rested")
    high.visit.refresh_from_db()
    assert (high.visit.ending, high.visit.counts) == (Ending.NOT_TREATED_PRESSURE, False)
    assert high.visit.series is not None
    assert high.visit.series.status == "active"
    page = high.signed_in(Role.NURSE).get(reverse("nurse:visit", args=[high.visit.pk])).content.decode()
    assert reverse("nurse:make_up", args=[high.visit.pk]) in page


def test_suspending_is_a_decision_about_the_clearance_and_puts_the_series_on_hold(high: Ward) -> None:
    make_visit(
        high.clinic,
        starts=NOW + timedelta(days=3),
        patient=high.visit.patient,
        series=high.visit.series,
        number=2,
    )
    with clock.at_moment(NOW + timedelta(minutes=5)):
        answer(high, "reading", "suspend", "Hypertensive crisis; to the cardiologist")
    latest = latest_clearance(high.visit.patient)
    assert latest is not None
    assert (latest.decision, latest.reason) == ("suspended", "Hypertensive crisis; to the cardiologist")
    high.visit.refresh_from_db()
    assert high.visit.ending == Ending.NOT_TREATED_PRESSURE
    assert high.visit.series is not None
    assert high.visit.series.status == "on-hold"


def test_not_today_while_the_drip_runs_keeps_it_stopped_until_the_nurse_takes_it_out(high: Ward) -> None:
    nurse = high.clinic.by(Role.NURSE)
    record_reading(by=nurse, appointment=high.visit, values={"systolic": 130, "diastolic": 80})
    start(by=nurse, appointment=high.visit)
    with clock.at_moment(NOW + timedelta(minutes=10)):
        record_reading(by=nurse, appointment=high.visit, values={"systolic": 190, "diastolic": 80})
        answer(high, "reading", "not_today", "Enough for today")
        high.visit.refresh_from_db()
        assert high.visit.status == Status.ARRIVED
        to_recovery(by=nurse, appointment=high.visit)
    with clock.at_moment(NOW + timedelta(minutes=71)):
        discharge(by=nurse, appointment=high.visit, handed_to=high.companion, ending=Ending.STOPPED_EARLY)
    high.visit.refresh_from_db()
    assert high.visit.counts is True


def test_leaving_before_the_least_time_of_recovery_takes_a_doctor(high: Ward) -> None:
    nurse = high.clinic.by(Role.NURSE)
    record_reading(by=nurse, appointment=high.visit, values={"systolic": 130, "diastolic": 80})
    start(by=nurse, appointment=high.visit)
    with pytest.raises(GateClosed, match="recovery has not begun"):
        discharge(by=nurse, appointment=high.visit, handed_to=high.companion)
    to_recovery(by=nurse, appointment=high.visit)
    with clock.at_moment(NOW + timedelta(minutes=59)):
        with pytest.raises(GateClosed, match="least time of recovery is not over"):
            discharge(by=nurse, appointment=high.visit, handed_to=high.companion)
        ask(high, "early")
        page = high.signed_in(Role.NURSE)
        address = reverse("nurse:visit", args=[high.visit.pk])
        assert "A doctor lets the patient go" not in page.get(address).content.decode()
        answer(high, "early", "go_ahead", "Wide awake, lives close by")
        said = page.get(address).content.decode()
        assert "A doctor lets the patient go before that" in said
        assert "The drip ran, and nothing is recorded as given" in said
        discharge(by=nurse, appointment=high.visit, handed_to=high.companion)
    high.visit.refresh_from_db()
    assert high.visit.ending == Ending.COMPLETED


def test_a_decision_about_the_clearance_answers_what_was_asked(here: Ward) -> None:
    question = ask(here, "clearance")
    decide_clearance(
        by=here.clinic.by(Role.DOCTOR), patient=here.visit.patient, decision="more", reason="Which tablets?"
    )
    question.refresh_from_db()
    assert question.answer == "seen"


def test_an_order_answers_what_was_asked_and_takes_the_visit_off_the_list(here: Ward) -> None:
    doctor = here.clinic.doctor.user
    assert doctor is not None
    question = ask(here, "order")
    assert without_order(doctor) == [here.visit]
    write_order(
        by=here.clinic.by(Role.DOCTOR),
        appointment=here.visit,
        whole_series=True,
        drug="ketamine",
        route="iv",
        least=35,  # type: ignore[arg-type]
        most=40,  # type: ignore[arg-type]
        unit="mg",
    )
    question.refresh_from_db()
    assert question.answer == "seen"
    assert without_order(doctor) == []


def test_the_question_of_a_visit_that_is_over_waits_for_nobody(here: Ward) -> None:
    doctor = here.clinic.doctor.user
    assert doctor is not None
    ask(here, "ride")
    end_visit(by=here.clinic.by(Role.NURSE), appointment=here.visit, ending=Ending.NOT_TREATED_NO_RIDE)
    assert questions_waiting(doctor) == []
    with pytest.raises(WrongStatus, match="over"):
        ask(here, "ride")
    with pytest.raises(WrongStatus, match="over"):
        answer(here, "ride", "go_ahead")


def test_what_is_no_longer_needed_leaves_the_list_by_the_nurses_word_or_when_the_drip_starts(high: Ward) -> None:
    doctor = high.clinic.doctor.user
    assert doctor is not None
    nurse = high.signed_in(Role.NURSE)
    for about in ("reading", "ride", "order"):
        ask(high, about)
    nurse.post(reverse("nurse:unask", args=[high.visit.pk]), {"about": "order"})
    assert {one.about for one in questions_waiting(doctor)} == {"reading", "ride"}
    record_reading(by=high.clinic.by(Role.NURSE), appointment=high.visit, values={"systolic": 130, "diastolic": 80})
    start(by=high.clinic.by(Role.NURSE), appointment=high.visit)
    assert questions_waiting(doctor) == []
    assert set(Question.objects.values_list("answer", flat=True)) == {"withdrawn"}


def test_a_reading_within_the_limits_takes_the_question_about_the_one_before_off_the_list(high: Ward) -> None:
    nurse, doctor = high.clinic.by(Role.NURSE), high.clinic.doctor.user
    assert doctor is not None
    ask(high, "reading")
    record_reading(by=nurse, appointment=high.visit, values={"spo2": 98})
    assert [one.about for one in questions_waiting(doctor)] == ["reading"], "the pressure is still over the limit"
    record_reading(by=nurse, appointment=high.visit, values={"systolic": 150, "diastolic": 90})
    assert questions_waiting(doctor) == []
    assert Question.objects.get().answer == Question.Answer.WITHDRAWN


def test_a_question_withdrawn_is_no_go_ahead(high: Ward) -> None:
    ask(high, "reading")
    high.signed_in(Role.NURSE).post(reverse("nurse:unask", args=[high.visit.pk]), {"about": "reading"})
    with pytest.raises(GateClosed, match="over the limit"):
        start(by=high.clinic.by(Role.NURSE), appointment=high.visit)


def test_the_doctors_list_asks_as_many_queries_for_ten_questions_as_for_many(
    here: Ward,
) -> None:
    client = here.signed_in(Role.DOCTOR)
    ask(here, "ride")

    def fill(*numbers: int) -> None:
        for number in numbers:
            visit = make_visit(here.clinic, starts=NOW + timedelta(hours=3 * number + 3), status=Status.PROPOSED)
            ask_doctor(by=here.clinic.by(Role.NURSE), appointment=visit, about="other", words="Please look")

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            page(client)
        return len(caught)

    def page(browser: Client) -> None:
        assert browser.get(reverse("doctor:home")).status_code == 200

    fill(*range(9))
    page(client)
    few = queries()
    fill(*range(9, 30))
    assert queries() == few
