"""The course of one patient: the curve, what would move, and agreeing to it."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from clinic.permissions import Role
from patients.actions import record_observation
from patients.models import Measure
from scheduling.models import Appointment, BoosterPlan, Message, Series
from tests.factories import NOW, Clinic, make_clinic
from tests.visit.doctors import make_course, sign_in, text_of
from tests.visit.worlds import make_series, make_visit


@pytest.fixture
def doctor(clinic: Clinic) -> Client:
    """The doctor at her desk."""
    return sign_in(clinic, Role.DOCTOR)


@pytest.fixture
def course(clinic: Clinic) -> Series:
    """Six infusions given, the last one four days ago."""
    return make_course(clinic)


def _boosters(series: Series) -> str:
    return reverse("doctor:boosters", args=[series.pk])


def _form(**fields: object) -> dict[str, Any]:
    return {"interval_days": 21, "tolerance_days": 4, "reason": "Relief lasted 24 days", "key": str(uuid4()), **fields}


def _score(clinic: Clinic, series: Series, value: int, at: datetime) -> None:
    record_observation(
        by=clinic.by(Role.NURSE),
        patient=series.patient,
        measure=Measure.PAIN,
        value=value,
        effective_at=at,
        source="patient",
    )


def test_the_curve_has_a_dot_for_each_score_a_mark_for_each_infusion_and_a_table(
    clinic: Clinic, course: Series, doctor: Client
) -> None:
    _score(clinic, course, 8, NOW - timedelta(days=30))
    _score(clinic, course, 3, NOW - timedelta(days=1))
    response = doctor.get(_boosters(course))
    chart = response.context["page"].chart
    text = text_of(response)
    assert (chart.points, chart.visits, chart.boosters) == (2, 6, 0)
    html = response.content.decode()
    assert "infusions_marks" in html
    assert "role-mark boosters_marks" not in html, "nothing without a name where there is nothing to name"
    named = re.findall(r'aria-label="([^"]*)"[^>]*><title>', html)
    assert [one.split(",")[0] for one in named if one.startswith("infusion")] == [f"infusion {n}" for n in range(1, 7)]
    assert sum(one.endswith((": 8", ": 3")) for one in named) == 2
    assert "before the first treatment" in text
    assert "3 days after infusion 6" in text


@pytest.mark.parametrize(("days", "first"), [(200, "Sep 17"), (2000, "Oct 2021")])
def test_dates_below_the_curve_say_their_year_where_it_goes_over_years(
    clinic: Clinic, course: Series, doctor: Client, days: int, first: str
) -> None:
    _score(clinic, course, 8, NOW - timedelta(days=days))
    assert f">{first}</text>" in doctor.get(_boosters(course)).content.decode()


def test_the_page_has_no_inline_style_or_script(clinic: Clinic, course: Series, doctor: Client) -> None:
    _score(clinic, course, 8, NOW - timedelta(days=30))
    html = doctor.get(_boosters(course)).content.decode()
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son\w+=", html)


def test_looking_at_what_moves_writes_nothing(course: Series, doctor: Client) -> None:
    response = doctor.post(_boosters(course), _form(preview="1"))
    preview = response.context["preview"]
    assert len(preview.starts) == 3
    assert not BoosterPlan.objects.exists()
    assert not Appointment.objects.filter(kind="booster").exists()
    assert "Agree, and book" in text_of(response)


def test_agreeing_books_exactly_what_was_seen_and_tells_the_patient_once(course: Series, doctor: Client) -> None:
    data = _form(preview="1")
    seen = doctor.post(_boosters(course), data).context["seen"]["starts"].value()
    del data["preview"]
    assert doctor.post(_boosters(course), data | {"agree": "1", "starts": seen}).status_code == 302
    boosters = Appointment.objects.filter(kind="booster").order_by("starts")
    assert [visit.starts.isoformat() for visit in boosters] == seen.split(",")
    course.refresh_from_db()
    assert course.stage == Series.Stage.MAINTENANCE
    assert Message.objects.filter(kind=Message.Kind.BOOSTERS_CHANGED).count() == 1


def test_agreeing_twice_is_agreeing_once(course: Series, doctor: Client) -> None:
    data = _form()
    seen = doctor.post(_boosters(course), data | {"preview": "1"}).context["seen"]["starts"].value()
    for _time in range(2):
        doctor.post(_boosters(course), data | {"agree": "1", "starts": seen})
    assert BoosterPlan.objects.count() == 1
    assert Appointment.objects.filter(kind="booster").count() == 3


def test_a_changed_interval_shows_old_and_new_times_before_anything_moves(course: Series, doctor: Client) -> None:
    data = _form()
    seen = doctor.post(_boosters(course), data | {"preview": "1"}).context["seen"]["starts"].value()
    doctor.post(_boosters(course), data | {"agree": "1", "starts": seen})
    response = doctor.post(_boosters(course), _form(interval_days=35, preview="1"))
    changes = response.context["preview"].changes
    assert [change.old_starts.isoformat() for change in changes if change.old_starts] == seen.split(",")
    assert all(change.new_starts != change.old_starts for change in changes)
    assert "<del>" in text_of(response)
    boosters = Appointment.objects.filter(kind="booster").order_by("starts")
    assert [visit.starts.isoformat() for visit in boosters] == seen.split(",")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"interval_days": 0}, "7 to 365 days apart"),
        ({"interval_days": 500}, "7 to 365 days apart"),
        ({"interval_days": "often"}, "Enter a whole number"),
        ({"tolerance_days": 21}, "smaller than the interval"),
        ({"reason": ""}, "Please fill in “Why”."),
    ],
)
def test_an_interval_that_cannot_be_is_refused_and_what_was_typed_stays(
    course: Series, doctor: Client, fields: dict[str, object], sentence: str
) -> None:
    response = doctor.post(_boosters(course), _form(preview="1", **fields))
    assert response.status_code == 422
    assert sentence in text_of(response)
    assert not BoosterPlan.objects.exists()


def test_a_time_taken_meanwhile_is_named_and_a_fresh_preview_follows(
    clinic: Clinic, course: Series, doctor: Client
) -> None:
    data = _form()
    seen = doctor.post(_boosters(course), data | {"preview": "1"}).context["seen"]["starts"].value()
    first = datetime.fromisoformat(seen.split(",")[0])
    make_visit(clinic, patient=course.patient, series=make_series(clinic, course.patient), starts=first)
    response = doctor.post(_boosters(course), data | {"agree": "1", "starts": seen})
    assert response.status_code == 422
    assert not BoosterPlan.objects.exists()
    assert response.context["form"].non_field_errors()
    assert response.context["seen"]["starts"].value() != seen


@pytest.mark.parametrize("value", ["tomorrow", "2027-04-26T09:00:00"])
def test_times_that_were_tampered_with_are_refused(course: Series, doctor: Client, value: str) -> None:
    for tampered in ({"starts": value}, {"seen": value}, {"seen": f"{course.pk}={value}"}):
        response = doctor.post(_boosters(course), _form(agree="1", **tampered))
        assert "could not be read" in text_of(response)
    assert not BoosterPlan.objects.exists()


def test_a_course_of_another_site_is_not_found(doctor: Client) -> None:
    elsewhere = make_course(make_clinic(name="Mesa"))
    assert doctor.get(_boosters(elsewhere)).status_code == 404


def test_a_course_that_was_stopped_is_read_and_has_its_letter_but_plans_nothing(course: Series, doctor: Client) -> None:
    assert "Days between boosters" in text_of(doctor.get(_boosters(course))), "the control: as long as it runs"
    course.status, course.ended_at, course.end_reason = Series.Status.REVOKED, NOW, "Moved away"
    course.save()

    page = text_of(doctor.get(_boosters(course)))
    for words in ("The course has ended", "Moved away", "Score over time", "Letter to the referring doctor"):
        assert words in page
    for words in ("Days between boosters", "Pause the course", "End the course"):
        assert words not in page
    assert doctor.get(reverse("doctor:home")).context["maintenance"] == []
    looked = text_of(doctor.post(_boosters(course), _form(preview="1")))
    assert "This series is “stopped”, so boosters cannot be planned." in looked
    agreed = text_of(doctor.post(_boosters(course), _form(agree="1", starts="", seen="")))
    assert "“stopped”" in agreed
    assert not BoosterPlan.objects.exists()
    assert "The curve" in text_of(doctor.get(reverse("desk:patient", args=[course.patient_id])))


def test_a_nurse_does_not_set_boosters(clinic: Clinic, course: Series) -> None:
    assert sign_in(clinic, Role.NURSE).post(_boosters(course), _form(preview="1")).status_code == 403
