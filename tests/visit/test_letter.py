"""The letter to the referring doctor: what it says, who may have it, and that it is on the trail."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from font_roboto import Roboto
from fontTools.ttLib import TTFont

from clinic import clock
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients.actions import note_treatment, record_observation
from patients.models import OtherTreatment
from scheduling.actions.moving import stop_series
from scheduling.actions.pausing import pause_series
from scheduling.doctor.course import CoursePage
from scheduling.doctor.letter import text_of
from scheduling.doctor.letter_pdf import write_pdf
from scheduling.models import CourseChange, Series, SideEffect
from scheduling.selectors.courses import as_course, courses
from tests.factories import FIRST_DAY, NOW, Clinic
from tests.visit.doctors import maintain, make_course, sign_in

TO = "Dr. Łucja Muñoz\nFőutca 5, Győr"


@pytest.fixture
def course(clinic: Clinic) -> Series:
    """Six infusions given, with scores before and after, an effect, another treatment and an interval."""
    series = make_course(clinic)
    nurse, patient = clinic.by(Role.NURSE), series.patient
    patient.family_name = "Quiñones-Šťastný"
    patient.save()
    for days, value in ((40, 8), (1, 3)):
        record_observation(
            by=nurse,
            patient=patient,
            measure="pain",
            value=value,
            effective_at=NOW - timedelta(days=days),
            source="staff",
        )
    visit = series.appointments.order_by("starts")[0]
    for _ in range(2):
        SideEffect.objects.create(appointment=visit, at=visit.starts, recorded_at=clock.now(), kind="nausea")
    note_treatment(by=nurse, patient=patient, kind="physical", name="Physical therapy", since=FIRST_DAY - timedelta(30))
    maintain(clinic, series, 21)
    return series


def page_of(clinic: Clinic, series: Series) -> CoursePage:
    """The course as the doctor's page has it."""
    user = clinic.doctor.user
    assert user is not None
    return CoursePage(as_course(courses(user).get(pk=series.pk)))


def test_the_letter_says_course_response_effects_others_and_plan(clinic: Clinic, course: Series) -> None:
    text = text_of(page_of(clinic, course), to=TO, remarks="Please check the liver.", signed="Doctor Gray")
    said = dict(text.sections)
    assert text.clinic[0] == clinic.site.neutral_name, "what the site is called outside"
    assert said["Course"] == ["6 of 6 infusions were given, from March 17, 2027 to April 1, 2027."]
    assert said["Response"][0] == "Pain, 0-10: 8 before treatment, 3 at the last report (April 4, 2027)."
    assert said["Side effects"] == ["Nausea (mild) at 1 visit."]
    assert said["Other treatments"][0].startswith("Physical therapy, since ")
    assert said["Plan"] == ["Boosters come every 21 days. As seen.", "Please check the liver."]
    assert [row[0] for row in text.table] == ["Visit", *(f"Infusion {number}" for number in range(6, 0, -1))]


def test_names_keep_their_capitals_and_what_is_over_says_so(clinic: Clinic, course: Series) -> None:
    nurse, patient = clinic.by(Role.NURSE), course.patient
    for days, value in ((41, 70), (30, 65), (2, 30)):
        record_observation(
            by=nurse,
            patient=patient,
            measure="fiqr",
            value=value,
            effective_at=NOW - timedelta(days=days),
            source="staff",
        )
    SideEffect.objects.filter(appointment__series=course).update(words="ST change in the ECG")
    OtherTreatment.objects.filter(patient=patient).update(name="CBT", until=FIRST_DAY - timedelta(days=1))
    said = dict(text_of(page_of(clinic, course), to=TO, remarks="", signed="").sections)
    assert said["Response"][0].startswith("FIQR, 0-100: ")
    assert said["Side effects"][0].startswith("ST change in the ECG ")
    assert said["Other treatments"] == ["CBT, from March 7, 2027 until April 5, 2027."]


def test_the_plan_says_that_a_course_is_paused_on_hold_or_over(clinic: Clinic, course: Series) -> None:
    def plan() -> list[str]:
        return list(dict(text_of(page_of(clinic, course), to=TO, remarks="", signed="").sections)["Plan"])

    until = FIRST_DAY + timedelta(days=30)
    pause_series(by=clinic.by(Role.FRONT_DESK), series=course, until=until, reason="Travels.", seen=None)
    assert plan() == ["The course is paused until May 6, 2027."]
    CourseChange.objects.all().delete()
    assert plan() == ["The treatment is on hold until a doctor has decided anew."]
    Series.objects.filter(pk=course.pk).update(status="active")
    stop_series(by=clinic.by(Role.FRONT_DESK), series=course, reason="It does not help")
    assert plan() == ["The course was ended on April 5, 2027. It does not help."]


def test_it_is_a_pdf_of_two_pages_at_most_with_its_fonts_inside(clinic: Clinic, course: Series) -> None:
    pdf = write_pdf(text_of(page_of(clinic, course), to=TO, remarks="line\n" * 20, signed="Doctor Gray"))
    assert pdf.startswith(b"%PDF-")
    assert 1 <= len(re.findall(rb"/Type /Page\b", pdf)) <= 2
    assert b"/FontFile2" in pdf
    assert b"Roboto" in pdf
    assert pdf.count(b"/Subtype /Image") == 1, "the curve"


def test_the_curve_is_drawn_and_said_in_words_where_there_is_a_course_to_see(clinic: Clinic, course: Series) -> None:
    figure = text_of(page_of(clinic, course), to=TO, remarks="", signed="").figure
    assert figure is not None
    assert figure.png.startswith(b"\x89PNG")
    assert figure.words.endswith(": 2 values, 6 infusions and 0 boosters.")
    assert figure.caption.endswith("1: Physical therapy (physical therapy), since March 7, 2027, goes on.")
    course.patient.observations.exclude(value=3).delete()
    assert text_of(page_of(clinic, course), to=TO, remarks="", signed="").figure is None


def test_letters_with_accents_are_in_the_font() -> None:
    # A letter that the font lacks would be drawn as an empty box; the library then warns.
    known = TTFont(Roboto).getBestCmap()
    assert all(ord(letter) in known for letter in "ÁÉÍÓÚÑÜáéíóúñü¿¡łŁőŐšŠťŤčČřžŽğşØøåßçœ“”\N{EN DASH}\N{EM DASH}…°")


def test_a_doctor_gets_it_as_a_file_and_the_trail_says_so(clinic: Clinic, course: Series) -> None:
    response = sign_in(clinic, Role.DOCTOR).post(reverse("doctor:letter", args=[course.pk]), {"to": TO})
    assert response["Content-Type"] == "application/pdf"
    assert "Qui" not in response["Content-Disposition"]
    events = [one for one in AuditEvent.objects.filter(patient=course.patient_id) if "Łucja" in one.reason]
    assert len(events) == 1


@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK, Role.MANAGER])
def test_nobody_else_gets_it(clinic: Clinic, course: Series, role: Role) -> None:
    url = reverse("doctor:letter", args=[course.pk])
    assert sign_in(clinic, role).post(url, {"to": TO}).status_code == 403


def test_without_an_addressee_nothing_is_written_and_what_was_typed_stays(clinic: Clinic, course: Series) -> None:
    client: Client = sign_in(clinic, Role.DOCTOR)
    response = client.post(reverse("doctor:letter", args=[course.pk]), {"to": " ", "remarks": "Please check the liver"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "Say to whom it goes." in page
    assert "Please check the liver" in page
    assert f'action="{reverse("doctor:boosters", args=[course.pk])}"' in page, "the interval goes where it belongs"
