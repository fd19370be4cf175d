"""A patient asks to move or cancel a visit: taken down, taken back, answered, settled by the change itself."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from clinic import clock
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, WrongStatus
from clinic.models import User
from clinic.permissions import Role
from patients.models import Patient
from scheduling import wishes as wishes_json
from scheduling.actions import moving, requests
from scheduling.models import Appointment, ChangeRequest
from tests import factories
from tests.portal.conftest import DAYS, make_visits
from tests.scheduling.helpers import book, visits_of

S = ChangeRequest.Status


def patient_of(visit: Appointment) -> Actor:
    """The visit's patient, as they come by their link."""
    return Actor("patient", str(visit.patient_id), visit.patient.name)


def ask(visit: Appointment, kind: str = "move", **fields: object) -> ChangeRequest:
    """The patient asks."""
    return requests.ask_for_change(by=patient_of(visit), appointment=visit, kind=kind, **fields)  # type: ignore[arg-type]


def test_asking_takes_down_what_suits_and_leaves_the_visit_alone(at_ada: Client, visits: list[Appointment]) -> None:
    response = at_ada.post(
        f"/my/change/{visits[1].pk}/",
        {"kind": "move", "first_day": "2027-04-15", "days": ["3", "4"], "begin": "10:00", "words": "My son can drive"},
        follow=True,
    )

    asked = ChangeRequest.objects.get()
    assert (asked.kind, asked.status, asked.appointment_id) == ("move", S.WAITING, visits[1].pk)
    assert wishes_json.from_json(asked.wishes).patient_can == {3: ((600, 1440),), 4: ((600, 1440),)}
    assert (asked.first_day, asked.words) == (date(2027, 4, 15), "My son can drive")
    page = response.content.decode()
    assert "Until then your visit stays." in page
    assert "You asked for another time. We will tell you." in page
    before = visits[1].starts
    visits[1].refresh_from_db()
    assert (visits[1].starts, visits[1].status) == (before, "booked")


def test_what_was_typed_stays_when_something_is_wrong(at_ada: Client, visits: list[Appointment]) -> None:
    response = at_ada.post(
        f"/my/change/{visits[0].pk}/",
        {"kind": "move", "first_day": "2020-01-01", "begin": "12:00", "end": "09:00", "words": "Please"},
    )

    page = response.content.decode()
    assert response.status_code == 422
    assert "Choose a day from today on, within a year." in page
    assert "This time comes before the other." in page
    assert "Please</textarea>" in page
    assert not ChangeRequest.objects.exists()


def test_only_days_on_which_the_site_is_open_are_offered(at_ada: Client, visits: list[Appointment]) -> None:
    page = at_ada.get(f"/my/change/{visits[0].pk}/").content.decode()

    assert "Friday" in page
    assert "Saturday" not in page


def test_asking_again_replaces_what_was_asked(visits: list[Appointment]) -> None:
    ask(visits[0], words="first")
    ask(visits[0], "cancel", words="second")

    (asked,) = ChangeRequest.objects.all()
    assert (asked.kind, asked.words) == ("cancel", "second")


def test_the_database_lets_one_request_wait_per_visit(visits: list[Appointment]) -> None:
    asked = ask(visits[0])

    with pytest.raises(IntegrityError), transaction.atomic():
        ChangeRequest.objects.create(
            appointment=visits[0],
            patient=visits[0].patient,
            kind="move",
            asked_version=0,
            created_at=asked.created_at,
        )


def test_the_patient_takes_it_back(at_ada: Client, visits: list[Appointment]) -> None:
    ask(visits[0])
    for _ in range(2):
        page = at_ada.post(f"/my/change/{visits[0].pk}/keep/", follow=True).content.decode()
        assert "Your visit stays as it is." in page

    assert ChangeRequest.objects.get().status == S.WITHDRAWN
    assert not ChangeRequest.objects.waiting().exists()


def test_the_answer_is_read_on_the_page(at_ada: Client, clinic: factories.Clinic, visits: list[Appointment]) -> None:
    asked = ask(visits[0])
    with pytest.raises(Refused, match="Write what the patient is told"):
        requests.close(by=clinic.by(Role.FRONT_DESK), request=asked, answer=" ")

    requests.close(by=clinic.by(Role.FRONT_DESK), request=asked, answer="That week is full.")

    assert "Our answer: That week is full." in at_ada.get("/my/").content.decode()
    with pytest.raises(WrongStatus):
        requests.close(by=clinic.by(Role.FRONT_DESK), request=asked, answer="Again")


def test_somebody_elses_visit_cannot_be_asked_about(
    at_ada: Client, clinic: factories.Clinic, visits: list[Appointment]
) -> None:
    other = factories.make_patient(clinic.site)
    (theirs,) = make_visits(clinic, other, (DAYS[0],), hour=13)

    assert at_ada.get(f"/my/change/{theirs.pk}/").status_code == 404
    with pytest.raises(NotAllowed):
        requests.ask_for_change(by=patient_of(visits[0]), appointment=theirs, kind="cancel")


def test_about_a_visit_that_has_begun_nothing_can_be_asked(at_ada: Client, visits: list[Appointment]) -> None:
    with clock.at_moment(visits[0].starts + timedelta(minutes=5)):
        assert at_ada.get(f"/my/change/{visits[0].pk}/").status_code in {403, 404}
        with pytest.raises(WrongStatus):
            ask(visits[0])


def test_moving_and_cancelling_settle_what_was_asked(clinic: factories.Clinic, ada: Patient) -> None:
    desk = clinic.by(Role.FRONT_DESK)
    first, second, *_rest = visits_of(book(clinic, ada))
    ask(first)
    ask(second, "cancel")

    local = clock.local(first.starts, clinic.site.zone)
    later = clock.moment(local.date(), time(14), clinic.site.zone)
    moving.move_visit(by=desk, appointment=first, starts=later, reason="asked", version=first.version)
    moving.cancel_visit(by=desk, appointment=second, reason="asked", version=second.version)

    assert set(ChangeRequest.objects.values_list("status", flat=True)) == {S.DONE}


def test_the_desk_sees_requests_of_its_own_sites(clinic: factories.Clinic, visits: list[Appointment]) -> None:
    elsewhere = factories.make_clinic(name="Mesa", time_zone="America/Phoenix")
    ask(visits[0])
    users = [clinic.clerk.user, elsewhere.clerk.user]

    seen = [ChangeRequest.objects.for_user(user).waiting().count() for user in users if isinstance(user, User)]

    assert seen == [1, 0]
