"""A new version of the screening questions, and the medicines that a patient names."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.errors import NotAllowed, Refused, Stale
from clinic.permissions import Role
from patients.actions import (
    QuestionText,
    add_flag_code,
    decide_clearance,
    publish_questionnaire,
    record_screening,
)
from patients.models import Flag, Patient, Questionnaire
from tests.factories import NOW, Clinic, make_clinic, make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    """A small clinic."""
    return make_clinic()


def current() -> Questionnaire:
    """The questions that are asked now."""
    return Questionnaire.objects.get(is_current=True)


def as_typed(**changes: str) -> list[QuestionText]:
    """The current questions as the page has them; `changes`: other English texts by id."""
    return [
        QuestionText(one["id"], changes.get(one["id"], one["text"]["en"]), one["text"]["es"], one["flag"] or "")
        for one in current().questions
    ]


def publish(clinic: Clinic, questions: list[QuestionText], **how: Any) -> Questionnaire:
    """The doctor publishes them."""
    values: dict[str, Any] = {"by": clinic.by(Role.DOCTOR), "questions": questions, "seen": current().version} | how
    return publish_questionnaire(**values)


def answer(patient: Patient, clinic: Clinic, medicines: str = "", **answers: str) -> None:
    """No to everything but `answers`."""
    given = {one["id"]: "no" for one in current().questions} | answers
    record_screening(by=clinic.by(Role.NURSE), patient=patient, answers=given, medicines=medicines)


def test_a_change_makes_a_new_version_and_answers_keep_the_one_they_answered(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    answer(patient, clinic, seizure="yes")

    made = publish(
        clinic,
        [*as_typed(seizure="Any seizure, ever?"), QuestionText("", "Do you snore?", "¿Ronca?", "other")],
    )

    assert (made.version, made.is_current) == (2, True)
    assert patient.screenings.get().questionnaire.version == 1
    assert made.questions[-1] == {
        "id": "do-you-snore",
        "flag": "other",
        "text": {"en": "Do you snore?", "es": "¿Ronca?"},
    }
    assert Questionnaire.objects.get(version=1).questions != made.questions, "the old version stays as it was"


def test_a_question_that_keeps_its_place_keeps_its_flag(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    answer(patient, clinic, seizure="yes")
    decide_clearance(by=clinic.by(Role.DOCTOR), patient=patient, decision="cleared", valid_until=date(2099, 1, 1))
    publish(clinic, as_typed(seizure="Any seizure, ever?"))

    answer(patient, clinic, seizure="yes")

    flag = Flag.objects.get(source_id="seizure")
    assert flag.decided_in is not None, "the same finding is not new because it was asked in other words"
    assert flag.detail == "Yes: Any seizure, ever?"


@pytest.mark.parametrize(
    ("questions", "sentence"),
    [
        ([], "At least one question"),
        ([QuestionText("", "Do you snore?", " ")], "Question 1 lacks"),
        ([QuestionText("", "Do you snore?", "¿Ronca?", "snoring")], "raises no known flag"),
    ],
)
def test_questions_that_cannot_be_asked_are_refused(
    clinic: Clinic, questions: list[QuestionText], sentence: str
) -> None:
    with pytest.raises(Refused, match=sentence):
        publish(clinic, questions)

    assert current().version == 1


def test_only_a_doctor_changes_them_and_the_second_of_two_is_told(clinic: Clinic) -> None:
    with pytest.raises(NotAllowed):
        publish(clinic, as_typed(seizure="Any?"), by=clinic.by(Role.NURSE))
    with pytest.raises(Refused, match="These are the questions of version 1"):
        publish(clinic, as_typed())
    publish(clinic, as_typed(seizure="Any?"))

    with pytest.raises(Stale, match="version 2"):
        publish(clinic, as_typed(seizure="Any at all?"), seen=1)


def test_answers_to_questions_that_have_changed_meanwhile_are_not_kept(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    given = {one["id"]: "no" for one in current().questions}
    publish(clinic, as_typed(seizure="Any seizure at all, even one as a child?"))

    with pytest.raises(Refused, match="changed while you read them"):
        record_screening(by=clinic.by(Role.NURSE), patient=patient, answers=given, version=1)

    assert not patient.screenings.exists()


def test_the_page_shows_the_questions_and_makes_the_next_version(clinic: Clinic) -> None:
    doctor = Client()
    doctor.force_login(clinic.doctor.user)  # type: ignore[arg-type]
    url = reverse("doctor:questionnaire")
    page = doctor.get(url)
    sent = _sent(page.context)
    sent["q-0-english"] = "Is your blood pressure high?"
    sent["q-1-left_out"] = "on"
    sent["q-12-english"], sent["q-12-spanish"] = "Do you snore?", ""

    refused = doctor.post(url, sent)
    done = doctor.post(url, sent | {"q-12-spanish": "¿Ronca?"})

    assert "Version 1 is asked now" in page.content.decode()
    assert refused.status_code == 422
    assert "lacks its English or its Spanish" in refused.content.decode()
    assert "Do you snore?" in refused.content.decode()
    assert done.status_code == 302
    ids = [one["id"] for one in current().questions]
    assert (ids[0], ids[-1], len(ids)) == ("high-blood-pressure", "do-you-snore", 12)
    assert "seizure" not in ids


def _sent(context: Any) -> dict[str, str]:
    """What a browser sends of the page as it is."""
    sent = {"seen": str(context["form"].initial["seen"])}
    rows = context["rows"]
    for name, value in rows.management_form.initial.items():
        sent[f"q-{name}"] = str(value)
    for number, row in enumerate(rows):
        for name in ("name", "english", "spanish", "flag"):
            sent[f"q-{number}-{name}"] = row.initial.get(name, "")
    return sent


def test_a_medicine_of_the_table_raises_its_flag_with_its_source(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)

    answer(patient, clinic, "Tramadol 50 mg twice a day; magnesium, vitamin D")

    flag = patient.flags.get()
    assert (flag.kind, flag.source, flag.source_id) == ("interaction", "answer", "medicine:tramadol")
    assert flag.detail == "Takes tramadol: an opioid; deep sedation, and breathing"


def test_a_medicine_is_known_as_a_word_of_its_own_and_a_doctor_extends_the_table(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    answer(patient, clinic, "codeinelike syrup, St John's wort")
    assert not patient.flags.exists(), "a part of a word is another word"

    doctor, kind = clinic.by(Role.DOCTOR), "interaction"
    add_flag_code(by=doctor, code="Wort", display="St John's wort", kind=kind, system="medicine")
    answer(patient, clinic, "St John's wort")

    assert patient.flags.get().source_id == "medicine:wort"


def test_a_medicine_no_longer_named_is_withdrawn_and_the_same_one_again_is_new(clinic: Clinic) -> None:
    patient = make_patient(clinic.site)
    with clock.at_moment(NOW):
        answer(patient, clinic, "lorazepam")
        answer(patient, clinic, "nothing now")
        assert patient.flags.get().withdrawn_at == NOW

        answer(patient, clinic, "Lorazepam at night")

    assert patient.flags.get().withdrawn_at is None
