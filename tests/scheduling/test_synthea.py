"""The sample patients of Synthea, imported from their files and walked through to a booster decision.

Their own imported readings and conditions stay as they are; the scores after the treatments are added here, so that
each has reliefs seen to their end.
"""

from dataclasses import replace
from datetime import timedelta
from io import StringIO
from itertools import pairwise
from uuid import uuid4

import pytest
from django.core.management import call_command

from clinic import clock
from clinic.errors import Refused
from clinic.permissions import Role
from patients import actions
from patients.models import Clearance, Flag, Observation, Patient
from patients.selectors import is_minor, standing
from scheduling.actions import boosters
from scheduling.models import Appointment, BoosterPlan, Series
from scheduling.selectors.response import suggested_now
from tests.factories import NOW, Clinic, make_clinic
from tests.patients.test_import_command import SYNTHEA
from tests.scheduling.helpers import book, treat, visits_of, wall

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not SYNTHEA.is_dir(), reason="the Synthea sample data is not beside this checkout"),
]

#: Days after a booster, and the pain then: relief of 24 days each time (8 at first, back at 6.4 on the way to 7).
AFTER = ((1, 3), (12, 4), (20, 6), (29, 7))
#: Whose letter is asked for, by the kind of the flag.
LETTERS = {"heart": "the cardiologist", "seizure": "the neurologist", "substance": "the addiction clinic"}


def test_every_living_adult_is_decided_about_and_whoever_is_cleared_comes_to_a_booster_decision() -> None:
    with clock.at_moment(NOW):
        clinic = make_clinic(chairs=6, nurses=4)
        call_command("import_fhir", str(SYNTHEA), stdout=StringIO())
        adults = [one for one in Patient.objects.filter(deceased_at=None) if not is_minor(one, NOW.date())]
        assert len(adults) > 5
        cleared = [patient for patient in adults if the_doctor_clears(clinic, patient)]
        for patient in set(adults) - set(cleared):
            with pytest.raises(Refused):
                book(clinic, patient)
    assert 0 < len(cleared) < len(adults)
    courses = [a_course_is_given(clinic, patient) for patient in cleared]
    for series in courses:
        the_doctor_decides(clinic, series)
    assert BoosterPlan.objects.filter(interval_days=21, suggested__interval_days=21).count() == len(cleared)


def the_doctor_clears(clinic: Clinic, patient: Patient) -> bool:
    """A doctor decides in sight of what was imported: no after a stroke or a cardiac arrest, a letter where the heart,
    a past seizure or an overdose asks for one, a limit on the day where the pressure is high.
    """
    flags = list(Flag.objects.filter(patient=patient, decided_in=None))
    kinds = {one.kind for one in flags}
    by, until = clinic.by(Role.DOCTOR), NOW.date() + timedelta(days=365)
    if "stroke" in kinds or any("cardiac arrest" in one.detail.casefold() for one in flags):
        actions.decide_clearance(by=by, patient=patient, decision="refused", reason="The risk is too high.")
        assert standing(patient, NOW.date()).reasons_against
        return False
    writer = next((letter for kind, letter in LETTERS.items() if kind in kinds), "")
    terms = actions.Terms(letter_from=writer)
    if "blood_pressure" in kinds:
        terms = replace(terms, systolic_limit=160, diastolic_limit=100)
    decided = actions.decide_clearance(
        by=by,
        patient=patient,
        decision=Clearance.Decision.CONDITIONS if terms.are_any else Clearance.Decision.CLEARED,
        terms=terms,
        valid_until=until,
    )
    assert bool(flags) == terms.are_any
    if writer:
        actions.tick_letter(by=clinic.by(Role.NURSE), clearance=decided)
    actions.record_consent(
        by=clinic.by(Role.NURSE),
        patient=patient,
        form_version="2026-01",
        signed_by=patient.name,
        signed_at=clock.now(),
        valid_until=until,
    )
    assert standing(patient, NOW.date()).reasons_against == []
    return True


def a_course_is_given(clinic: Clinic, patient: Patient) -> Series:
    """Six infusions, then three boosters four weeks apart, each with scores until the relief is over."""
    with clock.at_moment(NOW):
        score(clinic, patient, 0, 8)
        series = book(clinic, patient)
        visits = visits_of(series)
    treat(visits)
    given = visits[-1]
    with clock.at_moment(given.ends + timedelta(days=1)):
        decide(clinic, series, 35, "The first interval, by the protocol.")
    for number in range(3):
        follow(clinic, patient, given)
        given = visits_of(series)[6 + number]
        treat([given])
    follow(clinic, patient, given)
    return series


def follow(clinic: Clinic, patient: Patient, given: Appointment) -> None:
    """The scores after one treatment."""
    for days, value in AFTER:
        with clock.at_moment(given.starts + timedelta(days=days)):
            score(clinic, patient, 0, value)


def score(clinic: Clinic, patient: Patient, days_ago: int, value: int) -> None:
    """Pain, written down by the nurse."""
    actions.record_observation(
        by=clinic.by(Role.NURSE),
        patient=patient,
        measure="pain",
        value=value,
        effective_at=clock.now() - timedelta(days=days_ago),
        source=Observation.Source.STAFF,
    )


def decide(clinic: Clinic, series: Series, days: int, reason: str) -> BoosterPlan:
    """Preview, and agree to what was shown."""
    series = Series.objects.select_related("site", "patient", "protocol_version__protocol").get(pk=series.pk)
    preview = boosters.preview_interval(series=series, interval_days=days, tolerance_days=4, now=clock.now())
    assert preview.refusal == []
    return boosters.set_booster_interval(
        by=clinic.by(Role.DOCTOR),
        series=series,
        interval_days=days,
        tolerance_days=4,
        reason=reason,
        starts=preview.starts,
        key=uuid4(),
    )


def the_doctor_decides(clinic: Clinic, series: Series) -> None:
    """By the curve of this very course: every three weeks keeps ahead of it."""
    last = Appointment.objects.filter(series=series, counts=True).latest("starts")
    with clock.at_moment(last.starts + timedelta(days=30)):
        said = suggested_now(series)
        assert (said["measure"], said["interval_days"]) == ("pain", 21), said
        decide(clinic, series, 21, said["words"])
    to_come = [one for one in visits_of(series) if one.status in Appointment.BLOCKING]
    days = [wall(one)[0] for one in to_come]
    assert len(days) == 3
    assert all(17 <= (later - earlier).days <= 25 for earlier, later in pairwise(days))
