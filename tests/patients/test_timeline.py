"""The whole journey on one page, in order, as far as the reader may see it, at a constant price."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.models import User
from clinic.permissions import Role
from patients import actions
from patients.callers import at_the_word_of
from patients.models import ConsultRequest, Observation, Patient, Questionnaire
from scheduling.actions import moving, rides
from scheduling.messages.delivery import deliver
from scheduling.models import Message
from scheduling.selectors.journey import visits_of as journey_of
from scheduling.selectors.timeline import SHOWN, timeline_of
from scheduling.selectors.timeline_event import Topic
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.scheduling.helpers import book, treat, visits_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Iterator[Clinic]:
    with clock.at_moment(NOW):
        yield make_clinic()


def user_of(clinic: Clinic, role: Role) -> User:
    user = clinic.by(role).user
    assert isinstance(user, User)
    return user


def at(days: float) -> object:
    return clock.at_moment(NOW + timedelta(days=days))


def live(clinic: Clinic) -> Patient:
    """A journey: asked, screened, cleared, signed, booked, a driver, moved by telephone, stopped."""
    desk, nurse, doctor = (clinic.by(role) for role in (Role.FRONT_DESK, Role.NURSE, Role.DOCTOR))
    patient = make_patient(clinic.site)
    ConsultRequest.objects.create(
        site=clinic.site, patient=patient, name="Ada", phone="1", complaint="aches all over", created_at=NOW
    )
    answers = {question["id"]: "no" for question in Questionnaire.objects.get(is_current=True).questions}
    actions.record_screening(by=nurse, patient=patient, answers=answers | {"heart": "yes"})
    actions.decide_clearance(
        by=doctor, patient=patient, decision="conditions", conditions="ECG first", valid_until=date(2028, 1, 1)
    )
    actions.record_consent(
        by=desk, patient=patient, form_version="7", signed_by=patient.name, signed_at=NOW, valid_until=date(2028, 1, 1)
    )
    actions.record_observation(
        by=nurse, patient=patient, measure="pain", value=6, effective_at=NOW, source=Observation.Source.PATIENT
    )
    actions.authorise_sessions(
        by=desk, patient=patient, kind="payer", sessions=6, valid_from=date(2027, 4, 5), payer="Union Health"
    )
    series = book(clinic, patient)
    visits = visits_of(series)
    driver = actions.add_contact(
        by=desk,
        patient=patient,
        name="Tom Quill",
        is_adult=True,
        may_drive=True,
        may_be_told=True,
        email="t@example.org",
    )
    rides.name_companion(by=desk, appointments=visits, companion=driver)
    moving.move_visit(
        by=at_the_word_of(desk, patient, None),
        appointment=visits[0],
        starts=visits[0].starts + timedelta(hours=2),
        reason="train is late",
        version=visits[0].version,
    )
    series.refresh_from_db()
    moving.stop_series(by=doctor, series=series, reason="No benefit.")
    with clock.at_moment(NOW + timedelta(minutes=20)):
        deliver()
    return patient


def told(clinic: Clinic, patient: Patient, role: Role, topic: Topic | None = None) -> dict[str, str]:
    """The titles of the journey with what is said beside each."""
    user = user_of(clinic, role)
    with clock.at_moment(NOW + timedelta(hours=1)):
        line = timeline_of(patient, user, journey_of(patient, user), topic=topic, whole=True)
    return {
        event.title: f"{event.detail} / {event.who}" for month in line.months for event in (*line.ahead, *month.events)
    }


def test_what_has_happened_is_never_still_to_come(clinic: Clinic) -> None:
    """Whoever was seen before the planned hour has been seen; a reminder that was taken back has never been."""
    patient = make_patient(clinic.site, cleared=True)
    first, second, *_ = visits_of(book(clinic, patient))
    user = user_of(clinic, Role.FRONT_DESK)

    def ahead() -> list[object]:
        return [event.visit for event in timeline_of(patient, user, journey_of(patient, user)).ahead]

    assert ahead()[:2] == [first.pk, second.pk]
    treat([first])
    line = timeline_of(patient, user, journey_of(patient, user))
    assert ahead()[0] == second.pk
    assert first.pk in {event.visit for month in line.months for event in month.events}
    Message.objects.filter(patient=patient, due_at__gt=NOW).update(
        state=Message.State.SKIPPED, skip_reason="the visit has moved"
    )
    told_of = timeline_of(patient, user, journey_of(patient, user), topic=Topic.MESSAGES)
    assert not [event for month in told_of.months for event in month.events if event.at > NOW]


def give_scores(patient: Patient, count: int) -> None:
    """A pain score on each of the last `count` days."""
    for number in range(count):
        Observation.objects.create(
            patient=patient,
            measure="pain",
            value=5,
            effective_at=NOW - timedelta(days=number + 1),
            source="patient",
            source_id=str(number),
        )


def test_the_whole_way_is_told(clinic: Clinic) -> None:
    events = told(clinic, live(clinic), Role.NURSE)

    assert events["Asked for a consult"].startswith("aches all over")
    assert "1 of" in events["Screening answered"]
    assert "ECG first" in events["Doctor's decision: cleared with conditions"]
    assert "form 7" in events["Consent signed on paper"]
    assert events["6 sessions authorized by a payer"].startswith("Union Health")
    assert events["Series booked: Six infusions"].startswith("6 visits so far")
    assert "asked on the telephone by Ada Quill" in events["Visit moved"]
    assert "train is late" in events["Visit moved"]
    assert events["6 visits cancelled"].count(";") == 5
    assert "No benefit." in events["6 visits cancelled"]
    assert events["Series stopped"].startswith("No benefit.")
    assert "Tom Quill is named to drive" in events
    assert events["Contact added: Tom Quill"].startswith("may be told, drive")
    assert "pain, 0-10: 6" in events["Score"]
    assert any(title.startswith("Email: series stopped") for title in events)


def test_scores_and_clinical_words_are_for_clinical_eyes(clinic: Clinic) -> None:
    events = told(clinic, live(clinic), Role.FRONT_DESK)

    assert "Score" not in events
    said = " ".join(f"{title} {words}" for title, words in events.items())
    for word in ("ECG first", "aches all over", "1 of"):
        assert word not in said
    assert "Doctor's decision: cleared with conditions" in events


def test_it_can_be_narrowed_to_one_topic(clinic: Clinic) -> None:
    patient = live(clinic)

    assert "Visit moved" in told(clinic, patient, Role.NURSE, Topic.VISITS)
    assert "Visit moved" not in told(clinic, patient, Role.NURSE, Topic.MESSAGES)
    assert "Score" in told(clinic, patient, Role.NURSE, Topic.HEALTH)


def test_the_visits_of_another_site_stay_there(clinic: Clinic) -> None:
    patient = live(clinic)
    other = make_clinic(name="Hill")
    patient.sites.add(other.site)

    events = told(other, patient, Role.FRONT_DESK)

    assert "Record opened" in events
    assert not any("cancelled" in title or "moved" in title or "Email" in title for title in events)


def test_it_asks_as_often_for_a_long_way_as_for_a_short_one(clinic: Clinic) -> None:
    patient = live(clinic)
    user = user_of(clinic, Role.DOCTOR)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            timeline_of(patient, user, journey_of(patient, user), whole=True)
        return len(captured)

    few = queries()
    give_scores(patient, 60)
    book(clinic, patient, first_day=date(2027, 5, 3))
    for number in range(5):
        actions.add_contact(by=clinic.by(Role.FRONT_DESK), patient=patient, name=f"B{number}")
    assert queries() == few


def test_the_page_shows_the_latest_and_offers_the_rest(clinic: Clinic) -> None:
    patient = live(clinic)
    give_scores(patient, SHOWN + 5)
    client = Client()
    client.force_login(user_of(clinic, Role.DOCTOR))
    address = reverse("desk:patient", args=[patient.pk])

    first = client.get(address).content.decode()
    whole = client.get(address, {"whole": "1"}).content.decode()
    with CaptureQueriesContext(connection) as asked:
        part = client.get(address, {"show": "messages"}, headers={"HX-Request": "true"}).content.decode()

    assert " earlier</a>" in first
    assert " earlier</a>" not in whole
    assert whole.count('class="event ') > first.count('class="event ')
    assert "<html" not in part
    assert 'id="journey"' in part
    assert not [query for query in asked if 'FROM "patients_flag"' in query["sql"]], "only the timeline is loaded"


def test_a_merged_record_and_a_wrong_person_are_part_of_the_way(clinic: Clinic) -> None:
    patient, other = make_patient(clinic.site), make_patient(clinic.site)
    actions.merge_patients(by=Actor.system("test"), kept=patient, other=other, reason="same")
    other.refresh_from_db()

    assert f"Record {other.record_number} ({other.name}) became part of this one" in told(
        clinic, patient, Role.FRONT_DESK
    )
