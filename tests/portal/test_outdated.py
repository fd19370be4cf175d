"""A link is bound to the times that its message told: a move or a cancellation shuts it, and it says so."""

import pytest
from django.core import mail
from django.test import Client

from clinic.actor import Actor
from clinic.permissions import Role
from patients.models import Contact, Patient
from scheduling.actions import moving, rides
from scheduling.messages import links
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Link, Message
from tests import factories
from tests.desk.pages import text
from tests.messages import world
from tests.portal.conftest import path_of
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(clinic: factories.Clinic, ada: Patient) -> list[Appointment]:
    """Visits really booked, so that they can be moved."""
    return visits_of(book(clinic, ada))


def link_about(visits: list[Appointment]) -> str:
    """A link as the message about these visits carries it."""
    return path_of(links.issue(patient=visits[0].patient, purpose=Link.Purpose.PATIENT, visits=visits))


def move_up(clinic: factories.Clinic, visit: Appointment) -> Appointment:
    """An hour later, by the desk."""
    visit.refresh_from_db()
    by, starts = clinic.by(Role.FRONT_DESK), clinic.at(visit.starts.date(), 14)
    return moving.move_visit(by=by, appointment=visit, starts=starts, reason="asked", version=visit.version)


def cancel(clinic: factories.Clinic, visit: Appointment) -> None:
    """Called off by the desk."""
    visit.refresh_from_db()
    moving.cancel_visit(by=clinic.by(Role.FRONT_DESK), appointment=visit, reason="asked", version=visit.version)


def test_a_moved_visit_shuts_its_link_and_the_page_says_so(
    client: Client, clinic: factories.Clinic, told: list[Appointment]
) -> None:
    path = link_about(told[:1])
    assert client.get(path).status_code == 302, "open until the visit moves"

    move_up(clinic, told[0])

    for response in (client.get(path), client.get("/my/"), client.get("/my/driver/"), client.post("/my/driver/", {})):
        assert response.status_code == 410
        assert "That visit was moved to another time since." in text(response)
        assert "Open the link in the newest message." in text(response)
        assert "(518) 555-0100" in text(response)
        assert response["Cache-Control"] == "no-store"
        assert told[0].patient.given_name not in response.content.decode()


def test_a_cancelled_visit_shuts_its_link_and_the_page_says_so(
    client: Client, clinic: factories.Clinic, told: list[Appointment]
) -> None:
    path = link_about(told[:1])
    cancel(clinic, told[0])

    response = client.get(path)

    assert response.status_code == 410
    assert "That visit was cancelled since." in text(response)
    assert not response.cookies


def test_a_link_about_other_visits_stays_open(
    client: Client, clinic: factories.Clinic, told: list[Appointment]
) -> None:
    path = link_about(told[1:2])
    move_up(clinic, told[0])

    assert client.get(path).status_code == 302


def test_an_old_link_acts_on_nothing(
    client: Client, clinic: factories.Clinic, told: list[Appointment], ada: Patient
) -> None:
    client.get(link_about(told))
    move_up(clinic, told[0])

    assert client.post(f"/my/cancel/{told[1].pk}/", {"version": told[1].version}).status_code == 410
    told[1].refresh_from_db()
    assert told[1].status == Appointment.Status.BOOKED


def test_what_a_message_tells_is_what_its_link_is_bound_to(
    client: Client, clinic: factories.Clinic, told: list[Appointment], mailoutbox: list[mail.EmailMessage]
) -> None:
    deliver()
    (token,) = world.tokens_in(str(mailoutbox[0].body))
    assert set(Link.objects.get().speaks_of) == {str(visit.pk) for visit in told}

    move_up(clinic, told[0])

    assert client.get(f"/my/{token}/").status_code == 410
    Message.objects.update(due_at=factories.NOW)
    deliver()
    (newest,) = world.tokens_in(str(mailoutbox[-1].body))
    assert client.get(f"/my/{newest}/").status_code == 302, "the message about the move has a link that opens"


def test_a_cancelled_visit_is_told_with_a_link_to_those_that_stay(
    clinic: factories.Clinic, told: list[Appointment], mailoutbox: list[mail.EmailMessage], client: Client
) -> None:
    deliver()
    cancel(clinic, told[0])
    Message.objects.update(due_at=factories.NOW)
    deliver()

    (token,) = world.tokens_in(str(mailoutbox[-1].body))
    assert client.get(f"/my/{token}/").status_code == 302


def test_a_companions_link_is_shut_by_a_move_and_the_new_message_opens(
    client: Client,
    clinic: factories.Clinic,
    told: list[Appointment],
    ben: Contact,
    mailoutbox: list[mail.EmailMessage],
) -> None:
    by = Actor("patient", str(told[0].patient_id), "Ada")
    rides.name_companion(by=by, appointments=told, companion=ben)
    deliver()
    to_ben = [one for one in mailoutbox if one.to == [ben.email]]
    (token,) = world.tokens_in(str(to_ben[-1].body))
    client.get(f"/my/{token}/")

    move_up(clinic, told[0])

    assert client.post("/my/answer/", {"all": "yes"}).status_code == 410
    Message.objects.filter(state=Message.State.DUE).update(due_at=factories.NOW)
    deliver()
    to_ben = [one for one in mailoutbox if one.to == [ben.email]]
    (newest,) = world.tokens_in(str(to_ben[-1].body))
    assert client.get(f"/my/{newest}/").status_code == 302


def test_the_page_speaks_the_readers_language(
    client: Client, clinic: factories.Clinic, told: list[Appointment], ada: Patient
) -> None:
    Patient.objects.filter(pk=ada.pk).update(language="es")
    path = link_about(told[:1])
    move_up(clinic, told[0])

    response = client.get(path)

    assert '<html lang="es">' in response.content.decode()
    assert "se cambió después a otra hora" in text(response)


def test_a_confirmation_leaves_the_link_open(client: Client, told: list[Appointment]) -> None:
    path = link_about(told)
    Appointment.objects.filter(pk=told[0].pk).update(version=told[0].version + 1)

    assert client.get(path).status_code == 302, "the time that was told is still true"
