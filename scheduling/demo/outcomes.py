"""How some of the demo's patients do beyond their scores: what else they do, and one answer that worries."""

from datetime import timedelta
from uuid import uuid4

from clinic import clock
from patients import actions as people
from patients.models import Measure, OtherTreatment, Patient
from scheduling.demo.attending import Team

#: Patients of the cast in maintenance, and what they do besides: kind, words, days since it began, days until it ended.
BESIDES = {
    "Abernathy": (("physical", "Physical therapy, twice a week", 120, None), ("medication", "Duloxetine", 400, 60)),
    "Cruz": (("exercise", "Swimming", 70, None),),
    "Nowak": (("talking", "Psychotherapy, every two weeks", 200, None),),
}
#: Who answered above zero to item 9 of the PHQ-9 this morning, and the nine answers.
WORRIES, ANSWERS = "Park", (2, 2, 1, 2, 1, 1, 1, 0, 1)


def how_they_do(team: Team) -> None:
    """Note it through the real actions."""
    today = clock.now().date()
    for family, rows in BESIDES.items():
        for patient in Patient.objects.filter(family_name=family):
            for kind, name, since, until in rows:
                people.note_treatment(
                    by=team.nurse,
                    patient=patient,
                    kind=OtherTreatment.Kind(kind),
                    name=name,
                    since=today - timedelta(days=since),
                    until=today - timedelta(days=until) if until is not None else None,
                )
    for patient in Patient.objects.filter(family_name=WORRIES):
        with clock.at_moment(clock.now() - timedelta(minutes=12)):
            people.answer_questionnaire(
                by=patient.as_actor, patient=patient, measure=Measure.PHQ9, items=ANSWERS, key=uuid4()
            )
