"""What is written down of a visit that is over, once the patient has left: each note says when that was, and when it
was entered stays beside it.
"""

from django.urls import reverse

from clinic import clock
from clinic.permissions import Role
from scheduling.actions.visit import arrive, start
from scheduling.models import AdverseEvent, Dose, Reading, SideEffect
from tests.desk.pages import text
from tests.visit.conftest import Ward
from tests.visit.test_afterwards import NEXT_DAY, enter, minute, typed
from tests.visit.worlds import name_ride

DOSE = {
    "dose-is_treatment": "yes",
    "dose-drug": "Ketamine",
    "dose-amount": "40",
    "dose-unit": "mg",
    "dose-route": "iv",
}


def test_the_dose_of_a_visit_entered_afterwards_has_the_time_at_which_it_was_given(ward: Ward) -> None:
    nurse, visit = ward.signed_in(Role.NURSE), reverse("nurse:visit", args=[ward.visit.pk])
    dose = reverse("nurse:dose", args=[ward.visit.pk])
    with clock.at_moment(NEXT_DAY):
        assert 'name="dose-at"' not in nurse.get(visit).content.decode(), "nobody was here yet"
        entered = nurse.post(reverse("nurse:afterwards", args=[ward.visit.pk]), typed(ward), follow=True)
        assert "What was given is not written down yet" in text(entered)
        assert 'name="dose-at" value="09:12"' in entered.content.decode(), "the start of the drip, to be set right"

        opened = "open> <summary>Record a medicine given"
        assert opened in " ".join(entered.content.decode().split()), "it is the next thing to do"

        unsaid = nurse.post(dose, DOSE)
        assert "The visit is over: say at what time that was." in text(unsaid)
        for time, why in (("08:30", "The patient came at 9 a.m."), ("11:30", "The patient left at 10:55 a.m.")):
            refused = nurse.post(dose, DOSE | {"dose-at": time})
            assert why in text(refused)
            assert f'value="{time}"' in refused.content.decode()
        assert not Dose.objects.exists()
        kept = nurse.post(dose, DOSE | {"dose-at": "09:14"}, follow=True)

    assert opened not in " ".join(kept.content.decode().split())
    given = Dose.objects.get()
    assert given.at == minute(14)
    assert given.recorded_at == NEXT_DAY
    assert "entered Tue" in text(kept), "when it was written stays beside it"


def test_vital_signs_and_effects_of_a_visit_that_is_over_say_when_they_were(ward: Ward) -> None:
    enter(ward)
    nurse, pk = ward.signed_in(Role.NURSE), ward.visit.pk
    with clock.at_moment(NEXT_DAY):
        nurse.post(reverse("nurse:reading", args=[pk]), {"reading-at": "09:30", "reading-pulse": "71"})
        # An effect may be felt after the patient has left, and told on the telephone.
        effect = {"effects-at": "20:10", "effects-kinds": ["nausea"], "effects-strength": "mild"}
        nurse.post(reverse("nurse:effects", args=[pk]), effect)
        event = {
            "event-at": "09:40",
            "event-what": "Fainted",
            "event-severity": "mild",
            "event-action_taken": "Laid flat",
            "event-doctor_told": str(ward.clinic.doctor.pk),
        }
        nurse.post(reverse("nurse:event", args=[pk]), event)

    reading, noted, happened = Reading.objects.get(), SideEffect.objects.get(), AdverseEvent.objects.get()
    assert (reading.at, reading.stage) == (minute(30), Reading.Stage.DURING)
    assert noted.at == minute(670)
    assert (happened.at, happened.told_at) == (minute(40), minute(40))
    assert {one.recorded_at for one in (reading, noted, happened)} == {NEXT_DAY}


def test_while_the_patient_is_here_the_server_stamps_and_no_time_is_asked(ward: Ward) -> None:
    name_ride(ward.visit, ward.companion)
    by, nurse = ward.clinic.by(Role.NURSE), ward.signed_in(Role.NURSE)
    arrive(by=by, appointment=ward.visit)
    start(by=by, appointment=ward.visit)
    with clock.at_moment(minute(3)):
        assert 'name="dose-at"' not in nurse.get(reverse("nurse:visit", args=[ward.visit.pk])).content.decode()
        nurse.post(reverse("nurse:dose", args=[ward.visit.pk]), DOSE | {"dose-at": "08:00"})
    assert Dose.objects.get().at == minute(3)
