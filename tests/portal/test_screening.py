"""The screening questions behind the patient's link and on a tablet that is handed over."""

from datetime import timedelta
from threading import Event, Thread
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.models import User
from clinic.permissions import Role
from patients.actions import record_screening
from patients.models import Channel, Patient, Questionnaire
from scheduling.actions.calls import record_call
from scheduling.actions.screening import ask_screening
from scheduling.actions.tablets import TABLET_LASTS
from scheduling.messages import links, look
from scheduling.messages.letters import preview
from scheduling.models import Link, Message
from tests import factories
from tests.portal.conftest import open_link
from tests.portal.test_birth_date import parts

URL = "/my/screening/"


def staff(clinic: factories.Clinic, role: Role) -> Client:
    """A browser in which the clinic's person of that role is signed in."""
    user = clinic.by(role).user
    assert isinstance(user, User)
    client = Client()
    client.force_login(user)
    return client


def prove(client: Client, patient: Patient) -> None:
    """Give the birth date in this browser."""
    client.post("/my/birth-date/", parts(patient.birth_date))


def answers(**given: str) -> dict[str, str]:
    """What a browser sends: no to everything but `given`."""
    current = Questionnaire.objects.get(is_current=True)
    return {one["id"]: "no" for one in current.questions} | {"version": str(current.version), "medicines": ""} | given


def test_nothing_clinical_is_asked_before_the_birth_date_is_given(at_ada: Client, ada: Patient) -> None:
    asked = at_ada.get(URL)
    sent = at_ada.post(URL, answers(seizure="yes"))

    assert asked.status_code == sent.status_code == 302
    assert "birth-date" in asked["Location"]
    assert not ada.screenings.exists()


def test_the_patient_answers_and_a_doctor_reads_it(at_ada: Client, ada: Patient, clinic: factories.Clinic) -> None:
    prove(at_ada, ada)
    page = at_ada.get(URL)
    answer = at_ada.post(URL, answers(seizure="yes", thyroid="unsure") | {"medicines": "Tramadol"}, follow=True)

    assert "Have you ever had a seizure" in page.content.decode()
    assert "Your answers are kept; your doctor reads them." in answer.content.decode()
    screening = ada.screenings.get()
    assert (screening.recorded_by, screening.medicines) == (None, "Tramadol")
    assert {flag.kind for flag in ada.flags.all()} == {"seizure", "thyroid", "interaction"}
    doctor = staff(clinic, Role.DOCTOR).get(reverse("doctor:clearance", args=[ada.pk])).content.decode()
    assert "Takes tramadol" in doctor


def test_a_question_without_an_answer_is_marked_and_the_others_are_kept(at_ada: Client, ada: Patient) -> None:
    prove(at_ada, ada)
    sent = answers(seizure="yes")
    del sent["thyroid"]

    page = at_ada.post(URL, sent)

    assert page.status_code == 422
    assert "Please answer this one too" in page.content.decode()
    assert page.context["form"]["seizure"].value() == "yes"
    assert not ada.screenings.exists()


def test_it_is_asked_in_the_patients_language(client: Client, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(language="es")
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))
    prove(client, ada)

    page = client.get(URL).content.decode()

    assert "¿Ha tenido alguna vez una convulsión" in page
    assert "Enviar mis respuestas" in page


def test_a_tablet_handed_over_opens_the_questions_and_nothing_else(clinic: factories.Clinic, ada: Patient) -> None:
    tablet = staff(clinic, Role.FRONT_DESK)

    handed = tablet.post(reverse("desk:patient_screening_tablet", args=[ada.pk]))
    questions = tablet.get(handed["Location"])

    assert handed["Location"] == URL
    assert questions.status_code == 200, "whoever hands it over has the patient there: no birth date is asked"
    assert tablet.get("/").status_code == 302, "nobody is signed in any more"
    assert tablet.get("/my/").status_code == 403
    assert tablet.get(reverse("desk:patient", args=[ada.pk])).status_code == 302
    sent = tablet.post(URL, answers(heart="yes"))
    assert sent["Location"] == "/my/handed-back/"
    assert "give this device back" in tablet.get(sent["Location"]).content.decode()
    assert tablet.get(URL).status_code == 403, "the questions are shut once they are answered"
    assert ada.screenings.get().answers["heart"] == "yes"


def test_a_tablet_left_lying_is_shut(clinic: factories.Clinic, ada: Patient) -> None:
    tablet = staff(clinic, Role.NURSE)
    tablet.post(reverse("desk:patient_screening_tablet", args=[ada.pk]))

    with clock.at_moment(factories.NOW + TABLET_LASTS + timedelta(minutes=1)):
        assert tablet.get(URL).status_code == 403
    other = staff(clinic, Role.NURSE)
    other.post(reverse("desk:patient_screening_tablet", args=[ada.pk]))
    assert tablet.get(URL).status_code == 403, "the one handed over last is the one that is open"
    assert other.get(URL).status_code == 200


def test_what_is_sent_at_night_is_said_to_go_out_in_the_morning(clinic: factories.Clinic, ada: Patient) -> None:
    with clock.at_moment(clinic.at(factories.FIRST_DAY, 2)):
        desk = staff(clinic, Role.FRONT_DESK)
        response = desk.post(reverse("desk:patient_screening_ask", args=[ada.pk]), follow=True)
    assert "goes out on Tuesday, April 6, 2027 at 8 a.m." in response.content.decode()


def test_the_questions_are_sent_once_and_not_to_who_has_answered(clinic: factories.Clinic, ada: Patient) -> None:
    desk = staff(clinic, Role.FRONT_DESK)
    url = reverse("desk:patient_screening_ask", args=[ada.pk])

    first, second = desk.post(url, follow=True), desk.post(url)

    assert "goes out now" in first.content.decode()
    assert second.status_code == 302
    message = Message.objects.get(kind=Message.Kind.SCREENING)
    words = preview(message)
    assert "birth date" in words.text
    for clinical in ("ketamine", "infusion", "screening", "pain"):
        assert clinical not in (words.text + words.subject).lower()
    given = {one["id"]: "no" for one in Questionnaire.objects.get(is_current=True).questions}
    with clock.at_moment(factories.NOW + timedelta(minutes=1)):
        record_screening(by=clinic.by(Role.NURSE), patient=ada, answers=given)
        assert look.why_skip(message, clock.now()) == "answered meanwhile"


def test_without_mail_or_text_it_is_a_call(clinic: factories.Clinic, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(email="", channel=Channel.CALL)
    ada.refresh_from_db()

    message = ask_screening(by=clinic.by(Role.FRONT_DESK), patient=ada)

    assert message.channel == Channel.CALL
    assert "answered on the tablet at the clinic" in " ".join(preview(message).text.split())


def test_what_waits_for_a_call_is_sent_once_the_patient_agrees_to_mail(clinic: factories.Clinic, ada: Patient) -> None:
    desk = clinic.by(Role.FRONT_DESK)
    Patient.objects.filter(pk=ada.pk).update(channel=Channel.CALL)
    ada.refresh_from_db()
    called = ask_screening(by=desk, patient=ada)
    Message.objects.update(state=Message.State.PERSON)
    # The control: as long as there is no other way, it stays a call.
    assert ask_screening(by=desk, patient=ada).state == Message.State.PERSON
    Patient.objects.filter(pk=ada.pk).update(channel=Channel.MAIL)
    ada.refresh_from_db()

    sent = ask_screening(by=desk, patient=ada)

    assert (sent.pk, sent.channel, sent.state) == (called.pk, Channel.MAIL, Message.State.DUE)


@pytest.mark.django_db(transaction=True)
def test_a_call_that_is_just_being_written_down_is_not_undone() -> None:
    clinic = factories.make_clinic()
    patient = factories.make_patient(clinic.site, email="ada@example.org", channel=Channel.CALL, phone="+15185550142")
    desk, held = clinic.by(Role.FRONT_DESK), Event()
    called = ask_screening(by=desk, patient=patient)
    Message.objects.update(state=Message.State.PERSON)
    Patient.objects.update(channel=Channel.MAIL)
    patient.refresh_from_db()

    def write_down() -> None:
        with transaction.atomic():
            record_call(by=desk, message=called, outcome="reached")
            held.set()
            sleep(0.3)
        connection.close()

    colleague = Thread(target=write_down)
    colleague.start()
    assert held.wait(20)
    ask_screening(by=desk, patient=patient)
    colleague.join()

    called.refresh_from_db()
    assert (called.state, called.outcome) == (Message.State.SENT, "reached")


def test_the_patients_page_says_that_questions_wait(
    at_ada: Client, ada: Patient, clinic: factories.Clinic, visits: Any
) -> None:
    assert "Answer the questions" in at_ada.get("/my/").content.decode()
    prove(at_ada, ada)
    at_ada.post(URL, answers())

    assert "Answer the questions" not in at_ada.get("/my/").content.decode()
    with clock.at_moment(factories.NOW + timedelta(days=200)):
        ask_screening(by=clinic.by(Role.FRONT_DESK), patient=ada)
    assert Message.objects.filter(kind=Message.Kind.SCREENING).count() == 1


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.MANAGER])
def test_who_hands_it_over_need_not_see_the_answers(clinic: factories.Clinic, ada: Patient, role: Role) -> None:
    page = staff(clinic, role).get(reverse("desk:patient", args=[ada.pk])).content.decode()

    assert "Hand it over to" in page
    assert "not answered" in page
