"""Breaking the glass: a reason, an alarm, a mark on the trail, and an end."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.errors import NotAllowed
from clinic.models import AuditEvent, StaffMember, StaffRole, User
from clinic.permissions import Role
from patients import tasks
from patients.actions.emergency import break_glass
from patients.models import EmergencyAccess, Flag, Patient
from scheduling.when import time_words
from tests.desk.pages import text
from tests.factories import NOW, Clinic, make_clinic, make_patient

REASON = "Found unconscious at our door, carries her card."


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    cache.clear()
    with clock.at_moment(NOW):
        yield


@pytest.fixture
def harbor(db: None) -> Clinic:
    """Where the nurse works."""
    return make_clinic()


@pytest.fixture
def mesa(harbor: Clinic) -> Clinic:
    """Where the patient comes."""
    return make_clinic(name="Mesa", time_zone="America/Phoenix")


@pytest.fixture
def zelda(mesa: Clinic) -> Patient:
    """A patient of Mesa only, with a finding."""
    patient = make_patient(mesa.site, given_name="Zelda", family_name="Farmer", birth_date=date(1971, 2, 3))
    Flag.objects.create(
        patient=patient, kind="seizure", source="staff", detail="Seizure in 2011", source_id="x", found_at=NOW
    )
    return patient


def signed_in(member: StaffMember) -> Client:
    """That person's browser."""
    client = Client()
    assert member.user is not None
    client.force_login(member.user)
    return client


def ask(client: Client, **values: Any) -> Any:
    """Send the form."""
    return client.post(reverse("desk:emergency"), {"reason": REASON, **values})


def test_a_nurse_of_another_site_opens_the_record_with_a_reason(harbor: Clinic, zelda: Patient) -> None:
    nurse = signed_in(harbor.nurses[0])
    assert nurse.get(reverse("desk:patient", args=[zelda.pk])).status_code == 404
    assert nurse.get(reverse("desk:emergency_record", args=[zelda.pk])).status_code == 404

    answer = ask(nurse, family_name="farmer", birth_date="1971-02-03")

    page = nurse.get(answer["Location"])
    assert "Seizure in 2011" in text(page)
    assert REASON in text(page)
    (seen,) = AuditEvent.objects.filter(operation="open", patient=zelda.pk)
    assert seen.reason == f"Emergency: {REASON}"
    assert seen.actor_name == "Nurse 1"
    assert nurse.get(reverse("desk:patient", args=[zelda.pk])).status_code == 404, "to look only, on this one page"


def test_it_ends_by_itself(harbor: Clinic, zelda: Patient, settings: Any) -> None:
    nurse = signed_in(harbor.nurses[0])
    where = ask(nurse, record_number=zelda.record_number)["Location"]

    with clock.at_moment(NOW + timedelta(minutes=settings.EMERGENCY_MINUTES)):
        assert nurse.get(where).status_code == 404


def test_the_leave_ends_by_the_clock_of_whoever_looks(
    harbor: Clinic, mesa: Clinic, zelda: Patient, settings: Any
) -> None:
    nurse = signed_in(harbor.nurses[0])
    page = text(nurse.get(ask(nurse, record_number=zelda.record_number)["Location"]))

    ends = NOW + timedelta(minutes=settings.EMERGENCY_MINUTES)
    assert f"until {time_words(ends, harbor.site.zone)}, to look only." in page
    assert time_words(ends, mesa.site.zone) != time_words(ends, harbor.site.zone)


def test_it_opens_for_whoever_asked_and_nobody_else(harbor: Clinic, zelda: Patient) -> None:
    where = ask(signed_in(harbor.nurses[0]), record_number=zelda.record_number)["Location"]

    assert signed_in(harbor.nurses[1]).get(where).status_code == 404
    assert signed_in(harbor.clerk).get(where).status_code == 403


def test_a_name_is_found_with_or_without_its_accents(harbor: Clinic, mesa: Clinic) -> None:
    make_patient(mesa.site, given_name="Dario", family_name="Benítez", birth_date=date(1988, 11, 20))

    for typed in ("benitez", "Benítez "):
        assert ask(signed_in(harbor.nurses[0]), family_name=typed, birth_date="1988-11-20").status_code == 302
    assert ask(signed_in(harbor.nurses[0]), family_name="benite", birth_date="1988-11-20").status_code == 422


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"reason": "pain", "family_name": "Farmer", "birth_date": "1971-02-03"}, "Say in a sentence why"),
        ({"reason": ""}, "Say in a sentence why"),
        ({}, "Give the record number"),
        ({"family_name": "Farmer"}, "Give the record number"),
        ({"family_name": "Far", "birth_date": "1971-02-03"}, "Nobody here fits that"),
        ({"record_number": "99999"}, "Nobody here fits that"),
        ({"record_number": "x"}, "digits only"),
    ],
)
def test_without_a_reason_or_a_person_nothing_opens_and_what_was_typed_stays(
    harbor: Clinic, zelda: Patient, values: dict[str, str], said: str
) -> None:
    answer = ask(signed_in(harbor.nurses[0]), **values)

    assert answer.status_code == 422
    assert said in text(answer)
    assert values.get("family_name", "") in answer.content.decode()
    assert not EmergencyAccess.objects.exists()


def test_two_of_one_name_and_birth_date_need_the_number(harbor: Clinic, mesa: Clinic, zelda: Patient) -> None:
    make_patient(mesa.site, given_name="Zoe", family_name="Farmer", birth_date=date(1971, 2, 3))

    answer = ask(signed_in(harbor.nurses[0]), family_name="Farmer", birth_date="1971-02-03")
    assert "More than one patient fits" in text(answer)


def test_the_front_desk_cannot(harbor: Clinic, zelda: Patient) -> None:
    assert ask(signed_in(harbor.clerk), record_number=zelda.record_number).status_code == 403
    assert harbor.clerk.user is not None
    with pytest.raises(NotAllowed):
        break_glass(by=Actor.of(harbor.clerk.user), reason=REASON, record_number=zelda.record_number)


def test_both_sites_managers_are_told_and_one_looks_at_it(
    harbor: Clinic, mesa: Clinic, zelda: Patient, mailoutbox: Any
) -> None:
    for number, clinic in enumerate((harbor, mesa)):
        User.objects.filter(staff_member=clinic.manager).update(email=f"manager{number}@clinic.example")
    ask(signed_in(harbor.nurses[0]), record_number=zelda.record_number)
    access = EmergencyAccess.objects.get()

    tasks.alarm_managers(str(access.pk))
    assert sorted(mail.to[0] for mail in mailoutbox) == ["manager0@clinic.example", "manager1@clinic.example"]
    for mail in mailoutbox:
        for word in ("Zelda", "Farmer", "Nurse 1", "unconscious"):
            assert word not in f"{mail.subject} {mail.body}", "the mail says that, not whose and not why"

    manager = signed_in(mesa.manager)
    assert "look at this" in text(manager.get(reverse("setup:emergencies")))
    assert "1 record" in text(manager.get(reverse("setup:home")))
    review = reverse("setup:emergency_review", args=[access.pk])
    assert "Say in a few words" in text(manager.post(review, {"review": " "}))
    manager.post(review, {"review": "Right so. Called the nurse."})
    access.refresh_from_db()
    assert access.review == "Right so. Called the nurse."
    again = signed_in(harbor.manager).post(review, {"review": "Me too."})
    assert "It was looked at meanwhile" in text(again)
    assert "Me too." in again.content.decode()


def test_what_nobody_has_looked_at_comes_first_however_old_it_is(
    harbor: Clinic, zelda: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.setup.access.SHOWN", 2)
    nurse = harbor.nurses[0].user
    assert nurse is not None
    reviewed = {"reviewed_by": harbor.manager.user, "reviewed_at": NOW, "review": "Right so."}
    for days, more in ((9, {}), (2, reviewed), (1, reviewed)):
        EmergencyAccess.objects.create(
            user=nurse,
            patient=zelda,
            reason=f"{days} days ago",
            opened_at=NOW - timedelta(days=days),
            until=NOW - timedelta(days=days - 1),
            **more,
        )

    page = signed_in(harbor.manager).get(reverse("setup:emergencies"))
    assert [one.reason for one in page.context["rows"]] == ["9 days ago", "1 days ago"]


def test_managers_of_other_sites_see_nothing_of_it(harbor: Clinic, zelda: Patient) -> None:
    ask(signed_in(harbor.nurses[0]), record_number=zelda.record_number)
    elsewhere = make_clinic(name="Third")

    page = signed_in(elsewhere.manager).get(reverse("setup:emergencies"))
    assert "Zelda" not in page.content.decode()


def test_nobody_looks_at_her_own(harbor: Clinic, zelda: Patient) -> None:
    StaffRole.objects.create(staff_member=harbor.nurses[0], role=Role.MANAGER)
    both = signed_in(harbor.nurses[0])
    ask(both, record_number=zelda.record_number)

    review = reverse("setup:emergency_review", args=[EmergencyAccess.objects.get().pk])
    assert "Another manager has to look" in text(both.post(review, {"review": "Fine."}))
    assert EmergencyAccess.objects.get().reviewed_at is None


def test_asking_again_and_again_is_slowed_down(harbor: Clinic, zelda: Patient) -> None:
    nurse = signed_in(harbor.nurses[0])
    answers = {ask(nurse, family_name="Guess", birth_date="1990-01-01").status_code for _ in range(21)}

    assert answers == {422, 429}


def test_a_patient_of_the_own_site_is_simply_opened(mesa: Clinic, zelda: Patient) -> None:
    answer = signed_in(mesa.nurses[0]).get(reverse("desk:emergency_record", args=[zelda.pk]))

    assert answer["Location"] == reverse("desk:patient", args=[zelda.pk])
