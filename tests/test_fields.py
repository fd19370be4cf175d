"""What clinical fields say is planted in the database, and looked for on every page of whoever may not see it."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from clinic import clock
from clinic.permissions import ROLE_PERMISSIONS, Permission, Role
from patients.models import Clearance, Condition, Flag, Measure, Observation, Patient, Questionnaire, Screening
from scheduling.models import BoosterPlan, Order, Series
from tests import factories
from tests.swept import things_of
from tests.test_sweep import clinics, person, signed_in, staff_addresses

__all__ = ["clinics"]
#: Nothing in the program says this by itself.
WORD = "quagmirosis"
#: Not the seconds of some time of day.
NUMBER = re.compile(rb"(?<![\d.:])7\.77(?!\d)")


def plant(clinic: factories.Clinic, things: dict[str, Any]) -> None:
    """Give one patient a finding, a diagnosis, a score, medicines, a decision, an order and a reason for boosters."""
    patient = Patient.objects.get(pk=things["patient"])
    now = clock.now()
    Flag.objects.create(patient=patient, kind="seizure", source="staff", detail=WORD, source_id="x", found_at=now)
    Condition.objects.create(
        patient=patient, source_id="x", system="x", code="1", display=WORD, clinical_status="active"
    )
    Observation.objects.create(patient=patient, measure=Measure.PAIN, value=Decimal("7.77"), effective_at=now)
    Screening.objects.create(
        patient=patient,
        questionnaire=Questionnaire.objects.latest("pk"),
        answers={},
        medicines=WORD,
        answered_at=now,
    )
    series = Series.objects.get(pk=things["series"])
    Order.objects.create(
        series=series,
        drug=WORD,
        route="iv",
        least=Decimal("7.77"),
        most=Decimal("7.77"),
        unit="mg",
        note=WORD,
        ordered_by=clinic.doctor,
        ordered_at=now,
    )
    BoosterPlan.objects.create(
        series=series, interval_days=21, tolerance_days=3, reason=WORD, set_by=clinic.doctor, set_at=now
    )
    Clearance.objects.create(
        patient=patient,
        decision=Clearance.Decision.CONDITIONS,
        conditions=WORD,
        decided_by=clinic.doctor,
        decided_at=now,
        valid_until=(now + timedelta(days=300)).date(),
    )


@pytest.mark.parametrize("role", [role for role in Role if Permission.VIEW_CLINICAL not in ROLE_PERMISSIONS[role]])
def test_no_page_shows_clinical_words_or_scores_to_who_may_not_see_them(
    clinics: tuple[factories.Clinic, factories.Clinic], role: Role
) -> None:
    here, _there = clinics
    things = things_of(here)
    plant(here, things)
    client = signed_in(person(here, role))

    shown, looked = [], 0
    for one in staff_addresses():
        answer = client.get(one.url(things))
        if answer.status_code != 200:
            continue
        looked += 1
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        if WORD.encode() in body or NUMBER.search(body):
            shown.append(one.name)

    assert shown == []
    assert looked > 20


def test_the_look_finds_them_where_they_are_shown(clinics: tuple[factories.Clinic, factories.Clinic]) -> None:
    here, _there = clinics
    things = things_of(here)
    plant(here, things)
    client = signed_in(here.doctor)

    bodies = [
        client.get(one.url(things)) for one in staff_addresses() if one.name.startswith(("desk:patient", "doctor:"))
    ]
    assert sum(WORD in answer.content.decode() for answer in bodies if answer.status_code == 200) > 1
