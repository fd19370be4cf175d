"""What patients do by themselves: cancelling, however late, and taking another time where the clinic allows it."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.errors import NotAllowed, Refused, Stale
from clinic.models import Site
from clinic.permissions import Role
from patients.models import Contact, Patient
from scheduling.actions import moving, own_visits, requests, rides
from scheduling.messages import links
from scheduling.models import Appointment, ChangeRequest, Link, Message
from tests import factories
from tests.desk.pages import text, values
from tests.portal.conftest import make_visits, open_link
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(clinic: factories.Clinic, ada: Patient) -> list[Appointment]:
    """Visits really booked, so that they can be moved."""
    found = visits_of(book(clinic, ada))
    Message.objects.filter(kind=Message.Kind.BOOKED).update(state=Message.State.SENT, sent_at=factories.NOW)
    return found


@pytest.fixture
def at_page(client: Client, told: list[Appointment]) -> Client:
    """The patient's browser, opened by a link that speaks of every visit."""
    return open_link(client, links.issue(patient=told[0].patient, purpose=Link.Purpose.PATIENT, visits=told))


@pytest.fixture
def free(clinic: factories.Clinic) -> None:
    """The clinic lets patients move."""
    Site.objects.update(patients_move=True)
    clinic.site.refresh_from_db()


def cancel_url(visit: Appointment) -> str:
    return f"/my/cancel/{visit.pk}/"


def change_url(visit: Appointment) -> str:
    return f"/my/change/{visit.pk}/"


def test_cancelling_says_what_follows_and_then_does_it(
    at_page: Client, ben: Contact, told: list[Appointment], clinic: factories.Clinic
) -> None:
    by = Actor("patient", str(told[0].patient_id), "Ada")
    rides.name_companion(by=by, appointments=told[2:3], companion=ben)
    page = at_page.get(cancel_url(told[2]))
    assert "We tell Ben Quill that nobody has to drive that day." in text(page)
    assert "Your 5 other visits stay as they are." in text(page)
    assert "less than" not in text(page)

    after = at_page.post(cancel_url(told[2]), {"version": values(page, "version")[0], "words": "a cold"}, follow=True)

    assert "is cancelled. We have let the clinic know." in text(after)
    visit = Appointment.objects.get(pk=told[2].pk)
    assert (visit.status, visit.status_reason) == ("cancelled", own_visits.CANCELLED)
    assert Message.objects.filter(appointment=visit, kind=Message.Kind.CANCELLED).exists()
    (asked,) = ChangeRequest.objects.waiting()
    assert (asked.appointment_id, asked.words) == (visit.pk, "a cold")
    assert at_page.get("/my/").status_code == 200, "who cancelled it here knows: the page stays open"


def test_cancelling_twice_is_the_same_as_once(at_page: Client, told: list[Appointment]) -> None:
    for _ in range(2):
        at_page.post(cancel_url(told[2]), {"version": told[2].version})

    assert ChangeRequest.objects.count() == 1
    assert Appointment.objects.get(pk=told[2].pk).version == told[2].version + 1


def test_a_late_cancellation_still_works_and_says_that_it_is_late(at_page: Client, told: list[Appointment]) -> None:
    with clock.at_moment(told[0].starts - timedelta(hours=2)):
        open_link(at_page, links.issue(patient=told[0].patient, purpose=Link.Purpose.PATIENT))
        page = at_page.get(cancel_url(told[0]))
        assert "begins in less than 24 hours" in text(page)
        assert "whether anything comes of the short notice" in text(page)
        at_page.post(cancel_url(told[0]), {"version": told[0].version})

    visit = Appointment.objects.get(pk=told[0].pk)
    assert visit.status == "cancelled"
    assert "inside the notice of 24 hours" in visit.status_reason


def test_the_desk_sees_who_cancelled_and_takes_it_off_the_list(
    at_page: Client, told: list[Appointment], clinic: factories.Clinic
) -> None:
    at_page.post(cancel_url(told[2]), {"version": told[2].version, "words": "a cold"})
    desk = Client()
    assert clinic.clerk.user is not None
    desk.force_login(clinic.clerk.user)
    asked = ChangeRequest.objects.get()

    assert "has cancelled" in text(desk.get("/", follow=True))
    page = desk.get(_desk_url(asked))
    assert "Has cancelled a visit" in text(page)
    assert own_visits.CANCELLED in text(page)
    for _ in range(2):
        desk.post(_desk_url(asked), {"do": "noted", "version": "1"})
    asked.refresh_from_db()
    assert asked.status == ChangeRequest.Status.DONE
    assert "has cancelled" not in text(desk.get("/", follow=True))


def _desk_url(asked: ChangeRequest) -> str:
    return reverse("desk:change_request", args=[asked.pk])


def test_a_visit_changed_meanwhile_is_not_cancelled_unseen(
    client: Client, clinic: factories.Clinic, told: list[Appointment]
) -> None:
    """The link speaks of another visit, so that it stays open: the version on the form still guards."""
    open_link(client, links.issue(patient=told[0].patient, purpose=Link.Purpose.PATIENT, visits=told[:1]))
    seen = told[2].version
    by, starts = clinic.by(Role.FRONT_DESK), clinic.at(told[2].starts.date(), 14)
    moving.move_visit(by=by, appointment=told[2], starts=starts, reason="asked", version=seen)

    response = client.post(cancel_url(told[2]), {"version": seen, "words": "kept"})

    assert response.status_code == 422
    assert "changed by the clinic meanwhile" in text(response)
    assert "kept</textarea>" in response.content.decode()
    assert Appointment.objects.get(pk=told[2].pk).status == "booked"


def test_without_leave_of_the_clinic_no_times_are_offered(at_page: Client, told: list[Appointment]) -> None:
    page = text(at_page.get(change_url(told[2])))

    assert "Take this time" not in page
    assert "Ask for another time" in page


def test_a_free_time_is_taken_at_once_and_the_page_stays_open(
    at_page: Client, told: list[Appointment], free: None
) -> None:
    page = at_page.get(change_url(told[2]))
    starts = values(page, "starts")
    assert starts, "legal times are offered"

    after = at_page.post(f"{change_url(told[2])}take/", {"starts": starts[-1], "version": told[2].version}, follow=True)

    assert "Your visit is now at" in text(after)
    moved = Appointment.objects.get(pk=told[2].pk)
    assert moved.starts.isoformat() == starts[-1]
    assert moved.status_reason == own_visits.MOVED
    assert Message.objects.filter(appointment=moved, kind=Message.Kind.MOVED).exists()
    again = at_page.post(f"{change_url(told[2])}take/", {"starts": starts[-1], "version": told[2].version}, follow=True)
    assert "Your visit is now at" in text(again), "twice is once, and says the same"
    assert "by the clinic" not in text(again)
    assert Appointment.objects.get(pk=told[2].pk).version == told[2].version + 1


def test_a_button_pressed_twice_in_one_moment_acts_once_and_says_so(
    at_page: Client, told: list[Appointment], ada: Patient, free: None
) -> None:
    """Both requests had read the visit before either wrote."""
    by, link = Actor("patient", str(ada.pk), ada.name), Link.objects.get()
    starts = datetime.fromisoformat(values(at_page.get(change_url(told[2])), "starts")[-1])
    first, second = (Appointment.objects.select_related("site", "patient").get(pk=told[2].pk) for _ in range(2))
    for seen in (first, second):
        moved = own_visits.move_own(by=by, link=link, appointment=seen, starts=starts, version=told[2].version)
        assert moved.starts == starts
    first, second = (Appointment.objects.select_related("site", "patient").get(pk=told[2].pk) for _ in range(2))
    for seen in (first, second):
        gone = own_visits.cancel_own(by=by, link=link, appointment=seen, version=told[2].version + 1)
        assert gone.status == Appointment.Status.CANCELLED
    assert Appointment.objects.get(pk=told[2].pk).version == told[2].version + 2
    assert ChangeRequest.objects.count() == 1


def test_the_second_of_two_different_answers_is_told_of_the_first(
    at_page: Client, told: list[Appointment], ada: Patient, free: None
) -> None:
    """Control: only the same answer is taken for the same press."""
    by, link = Actor("patient", str(ada.pk), ada.name), Link.objects.get()
    one, other = (datetime.fromisoformat(found) for found in values(at_page.get(change_url(told[2])), "starts")[-2:])
    first, second = (Appointment.objects.select_related("site", "patient").get(pk=told[2].pk) for _ in range(2))
    own_visits.move_own(by=by, link=link, appointment=first, starts=one, version=told[2].version)
    with pytest.raises(Stale):
        own_visits.move_own(by=by, link=link, appointment=second, starts=other, version=told[2].version)


def test_every_time_offered_keeps_the_gaps(at_page: Client, told: list[Appointment], free: None) -> None:
    page = at_page.get(change_url(told[2]))
    days = {value[:10] for value in values(page, "starts")}
    others = {visit.starts.date().isoformat() for visit in told if visit.pk != told[2].pk}

    assert days
    assert not days & others


def test_the_pages_of_free_times_come_to_an_end(at_page: Client, told: list[Appointment], free: None) -> None:
    """Whoever follows every link, as scanners do, is not led on for ever."""
    seen, waiting = set(), [change_url(told[2])]
    while waiting:
        path = waiting.pop()
        seen.add(path)
        found = re.findall(r'href="(\?from=[^"]+)"', at_page.get(path).content.decode())
        waiting += [change_url(told[2]) + one for one in found if change_url(told[2]) + one not in seen]
        assert len(seen) < 12

    assert len(seen) > 2
    assert at_page.get(f"{change_url(told[2])}?from=2999-01-01").status_code == 200
    assert at_page.get(f"{change_url(told[2])}?from=nonsense").status_code == 200


def test_the_gates_stand_in_the_action_and_not_on_the_page(
    told: list[Appointment], clinic: factories.Clinic, ada: Patient
) -> None:
    link = _link_of(ada)
    me = Actor("patient", str(ada.pk), ada.name)
    starts = clinic.at(told[2].starts.date(), 14)

    def move(by: Actor = me) -> None:
        visit = Appointment.objects.select_related("site", "protocol_version").get(pk=told[2].pk)
        own_visits.move_own(by=by, link=link, appointment=visit, starts=starts, version=visit.version)

    with pytest.raises(Refused):  # The site does not allow it.
        move()
    Site.objects.update(patients_move=True)
    with pytest.raises(NotAllowed):  # Somebody else.
        move(Actor("patient", str(factories.make_patient(clinic.site).pk), "Bob"))
    with clock.at_moment(told[2].starts - timedelta(hours=3)), pytest.raises(Refused) as near:
        move()
    assert near.value.code == "near"
    move()
    assert Appointment.objects.get(pk=told[2].pk).starts == starts


def test_no_time_is_offered_that_is_too_soon_to_find_a_driver(
    clinic: factories.Clinic, told: list[Appointment], ada: Patient, free: None
) -> None:
    visit = Appointment.objects.select_related("site", "protocol_version").get(pk=told[5].pk)
    now = clock.now()

    assert own_visits.first_start(visit, now) - now == timedelta(hours=clinic.site.driver_notice_hours)
    with pytest.raises(Refused):
        own_visits.move_own(
            by=Actor("patient", str(ada.pk), ada.name),
            link=_link_of(ada),
            appointment=visit,
            starts=now + timedelta(hours=1),
            version=visit.version,
        )


def test_somebody_elses_visit_does_not_exist(at_page: Client, clinic: factories.Clinic, free: None) -> None:
    bob = factories.make_patient(clinic.site, cleared=True, consented=True)
    theirs = make_visits(clinic, bob, (factories.FIRST_DAY,))[0]

    for url in (cancel_url(theirs), change_url(theirs)):
        assert at_page.get(url).status_code == 404
        assert at_page.post(url, {"version": 0}).status_code == 404
    assert at_page.post(f"{change_url(theirs)}take/", {"version": 0}).status_code == 404


def test_noting_a_cancellation_is_for_a_visit_that_is_cancelled(
    clinic: factories.Clinic, told: list[Appointment], ada: Patient
) -> None:
    me = Actor("patient", str(ada.pk), ada.name)
    asked = requests.ask_for_change(by=me, appointment=told[0], kind=ChangeRequest.Kind.MOVE)

    with pytest.raises(Refused):
        requests.note_cancelled(by=clinic.by(Role.FRONT_DESK), request=asked)


def _link_of(patient: Patient) -> Link:
    links.issue(patient=patient, purpose=Link.Purpose.PATIENT)
    return Link.objects.latest("created_at")
