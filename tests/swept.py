"""One of everything that an address can name, at one clinic: what the sweep and the walks over all pages visit."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from clinic import clock
from clinic.models import Closure, User
from clinic.permissions import Role
from clinic.public_names import public_name
from patients.actions import answer_questionnaire, note_treatment
from patients.models import Authorisation, Consent, ConsultRequest, EmergencyAccess, Patient, SafetyAlert
from scheduling.actions import earlier, rides
from scheduling.actions.requests import ask_for_change
from scheduling.models import Appointment, CourseChange, Message, NewTime, ProposedBooster, Series
from scheduling.planner.values import Wishes
from tests import factories
from tests.portal.conftest import DAYS, make_driver, make_visits
from tests.scheduling.helpers import keep


def far_off(clinic: factories.Clinic) -> dict[str, Any]:
    """An hour in which nothing is booked."""
    day = factories.FIRST_DAY + timedelta(days=200)
    return {"starts": clinic.at(day, 9), "ends": clinic.at(day, 10)}


def _alert_of(clinic: factories.Clinic, patient: Patient) -> UUID:
    sheet = answer_questionnaire(
        by=clinic.by(Role.NURSE), patient=patient, measure="phq9", items=[0] * 8 + [1], key=uuid4()
    )
    return SafetyAlert.objects.get(sheet=sheet).pk


def things_of(clinic: factories.Clinic) -> dict[str, Any]:
    """One of each kind of object at a clinic, by the word that addresses use, as its key."""
    patient = factories.make_patient(clinic.site, cleared=True, consented=True)
    visits = make_visits(clinic, patient, DAYS)
    contact = make_driver(patient, "Ben Quill", email="ben@example.org")
    rides.name_companion(by=clinic.by(Role.FRONT_DESK), appointments=visits, companion=contact)
    return {
        "contact": contact.pk,
        **_of_the_record(clinic, patient),
        **_of_the_visits(clinic, patient, visits),
        **_asked_for(clinic, visits),
        **_of_the_clinic(clinic),
        **WORDS,
    }


#: What is no object: any of the words that such an address takes.
WORDS = {
    "measure": "fiqr",
    "day": DAYS[0],
    "token": "x" * 32,
    "key": 1,
    "kind": "booked",
    "report": "use",
    "language": "en",
}


def _of_the_record(clinic: factories.Clinic, patient: Patient) -> dict[str, Any]:
    """The patient, and what lies in the record."""
    treatment = note_treatment(
        by=clinic.by(Role.DOCTOR), patient=patient, kind="physical", name="Physical therapy", since=factories.LONG_AGO
    )
    access = EmergencyAccess.objects.create(
        user=User.objects.get(staff_member=clinic.doctor),
        patient=patient,
        reason="found at the door",
        opened_at=clock.now(),
        until=clock.now() + timedelta(hours=1),
    )
    return {
        "patient": patient.pk,
        "consent": Consent.objects.get(patient=patient).pk,
        "treatment": treatment.pk,
        "alert": _alert_of(clinic, patient),
        "access": access.pk,
        "authorisation": Authorisation.objects.create(
            patient=patient, sessions=6, valid_from=DAYS[0], created_at=clock.now()
        ).pk,
    }


def _of_the_visits(clinic: factories.Clinic, patient: Patient, visits: list[Appointment]) -> dict[str, Any]:
    """A visit with its series, and what goes on about them."""
    series = Series.objects.get(patient=patient)
    message = Message.objects.filter(site=clinic.site, patient=patient).first()
    assert message is not None
    return {
        "visit": visits[0].pk,
        "series": series.pk,
        "message": message.pk,
        "change": ask_for_change(by=clinic.by(Role.FRONT_DESK), appointment=visits[1], kind="move").pk,
        "course_change": _paused(series).pk,
        "new_time": NewTime.objects.create(appointment=visits[0], version=visits[0].version, asked_at=clock.now()).pk,
        "proposed": ProposedBooster.objects.create(
            series=series,
            starts=far_off(clinic)["starts"],
            status=ProposedBooster.Status.OFFERED,
            created_at=clock.now(),
            offered_at=clock.now(),
        ).pk,
    }


def _asked_for(clinic: factories.Clinic, visits: list[Appointment]) -> dict[str, Any]:
    """A plan kept for somebody, a wish to come earlier with the time offered for it, and a consult asked for."""
    by = clinic.by(Role.FRONT_DESK)
    asking = factories.make_patient(clinic.site, cleared=True)
    offer = keep(clinic, asking, version=clinic.injection)
    wish = earlier.wish_sooner(by=by, appointment=visits[0], hours=Wishes())
    starts = clinic.at(DAYS[0] - timedelta(days=3), 9)
    earlier_offer = earlier.offer_time(by=by, site=clinic.site, starts=starts, wishes=[wish], minutes=120, key=uuid4())
    return {
        "offer": offer.pk,
        "wish": wish.pk,
        "earlier_offer": earlier_offer.pk,
        "invitation": earlier_offer.invitations.get().pk,
        "cell": clock.cell(earlier_offer.first_start),
        "asked": ConsultRequest.objects.create(
            site=clinic.site, name="Cora Lind", phone="+15185550142", created_at=clock.now()
        ).pk,
    }


def _of_the_clinic(clinic: factories.Clinic) -> dict[str, Any]:
    """The site, who works there, and what it is made of."""
    return {
        "site": clinic.site.pk,
        "clinic": public_name(clinic.site),
        "account": clinic.clerk.user_id,
        "member": clinic.nurses[0].pk,
        "place": clinic.chairs[0].public_id,
        "chair": clinic.chairs[0].pk,
        "shift": clinic.nurses[0].shifts.earliest("pk").pk,
        "closure": Closure.objects.create(site=clinic.site, **far_off(clinic)).pk,
        "protocol": _protocol_of_its_own(clinic),
    }


def _paused(series: Series) -> CourseChange:
    """A pause that no doctor has seen."""
    return CourseChange.objects.create(
        series=series, kind="paused", at=clock.now(), reason="Away", made_by_name="Finn Okafor"
    )


def _protocol_of_its_own(clinic: factories.Clinic) -> Any:
    """One that no other clinic offers."""
    talk = (("talk", 30, (("doctor", "hands", 1),)),)
    return factories.make_protocol([clinic.site], f"Only at {clinic.site}", talk, kind="consult").protocol_id
