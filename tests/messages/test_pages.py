"""The call list, the ledger, one message, the patient's panel and the printed sheet, as the desk uses them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Role
from patients.models import Channel, Patient
from scheduling.actions import calls
from scheduling.messages import ledger
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Message, Ride
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages import world
from tests.smtp import Sink

Kind, State, Outcome = Message.Kind, Message.State, Message.Outcome


@pytest.fixture
def desk(harbor: Clinic, client: Client) -> Client:
    """The clerk's browser."""
    return sign_in(client, harbor, Role.FRONT_DESK)


def sign_in(client: Client, clinic: Clinic, role: Role) -> Client:
    """The browser, with that person of the clinic signed in."""
    user = clinic.by(role).user
    assert user is not None
    client.force_login(user)
    return client


@pytest.fixture
def call(harbor: Clinic) -> Message:
    """A booking to be told by telephone, on the list."""
    ben = make_patient(harbor.site, email="", given_name="Ben", family_name="Ode", phone="+15185550177")
    return a_call(harbor, ben)


def a_call(clinic: Clinic, patient: Patient) -> Message:
    """A consult of the patient's, told by telephone."""
    ledger.announce_consult(world.make_visit(clinic, patient, clinic.at(world.NEXT_WEEK[0], 9)))
    deliver()
    return world.only(patient=patient, kind=Kind.CONSULT_BOOKED)


def text_of(response: Any) -> str:
    """The words of a page, in one line."""
    return " ".join(response.content.decode().split())


def test_the_call_list_shows_whom_to_call_and_the_words(desk: Client, call: Message) -> None:
    page = text_of(desk.get(reverse("desk:calls")))
    assert "Ben Ode" in page
    assert 'href="tel:+15185550177"' in page
    assert "May I speak with Ben Ode?" in page
    assert "Monday, April 12, 2027, 9 a.m." in page


def test_an_empty_call_list_says_what_comes_here(desk: Client) -> None:
    assert "Nobody has to be called now." in text_of(desk.get(reverse("desk:calls")))


@pytest.mark.parametrize("outcome", sorted(Message.DONE))
def test_a_call_that_reached_somebody_leaves_the_list(desk: Client, call: Message, outcome: str) -> None:
    response = desk.post(reverse("desk:call_outcome", args=[call.pk]), {"outcome": outcome, "note": "spoke to Ben"})
    assert response.status_code == 302
    call.refresh_from_db()
    assert (call.state, call.outcome, call.note, call.sent_at) == (State.SENT, outcome, "spoke to Ben", NOW)
    assert call.done_by is not None


@pytest.mark.parametrize("outcome", [Outcome.NO_ANSWER, Outcome.CALLS_BACK])
def test_a_call_that_reached_nobody_stays_with_what_was_tried(desk: Client, call: Message, outcome: str) -> None:
    desk.post(reverse("desk:call_outcome", args=[call.pk]), {"outcome": outcome, "note": "rang twice"})
    call.refresh_from_db()
    assert (call.state, call.outcome) == (State.PERSON, outcome)
    page = text_of(desk.get(reverse("desk:calls")))
    assert "rang twice" in page
    assert call.get_outcome_display() in page


def test_without_a_choice_nothing_is_written_and_what_was_typed_stays(desk: Client, call: Message) -> None:
    response = desk.post(reverse("desk:call_outcome", args=[call.pk]), {"note": "rang twice"})
    assert response.status_code == 422
    page = text_of(response)
    assert "Choose what came of the call." in page
    assert 'value="rang twice"' in page
    call.refresh_from_db()
    assert (call.state, call.outcome, call.note) == (State.PERSON, "", "")


def test_two_clerks_who_tick_the_same_call_write_it_once(desk: Client, call: Message) -> None:
    url = reverse("desk:call_outcome", args=[call.pk])
    desk.post(url, {"outcome": "reached", "note": "first"})
    response = desk.post(url, {"outcome": "no_answer", "note": "second"}, follow=True)
    assert "This is no longer on the call list" in text_of(response)
    call.refresh_from_db()
    assert (call.outcome, call.note) == ("reached", "first")


def test_one_call_about_several_dates_is_one_entry_and_one_tick(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ben = world.make_companion(ada, email="")
    for visit in world.make_series(harbor, ada).appointments.order_by("starts"):
        world.name_driver(visit, ben)
    deliver()
    lead = world.only(kind=Kind.COMPANION_NAMED, carried_by=None)
    page = text_of(desk.get(reverse("desk:calls")))
    assert page.count('class="card-box call"') == 1
    desk.post(reverse("desk:call_outcome", args=[lead.pk]), {"outcome": "reached"})
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_a_patient_without_a_number_is_on_the_list_with_what_to_do(desk: Client, harbor: Clinic) -> None:
    a_call(harbor, make_patient(harbor.site, email="", phone=""))
    assert "none on file." in text_of(desk.get(reverse("desk:calls")))


def test_messages_of_another_site_are_not_found(desk: Client, client: Client) -> None:
    other = make_clinic(name="Hill")
    row = a_call(other, make_patient(other.site, email=""))
    assert desk.get(reverse("desk:message", args=[row.pk])).status_code == 404
    assert desk.post(reverse("desk:call_outcome", args=[row.pk]), {"outcome": "reached"}).status_code == 404
    assert desk.post(reverse("desk:message_send_again", args=[row.pk])).status_code == 404
    assert desk.get(reverse("desk:sheet", args=[row.patient_id])).status_code == 404
    assert "Nobody has to be called now." in text_of(desk.get(reverse("desk:calls")))


def test_where_somebody_works_at_several_sites_each_time_names_its_site_and_zone(
    desk: Client, harbor: Clinic, call: Message
) -> None:
    alone = text_of(desk.get(reverse("desk:messages")))
    assert "Harbor, EDT" not in alone, "who works at one site knows where it is"
    mesa = make_clinic(name="Mesa", time_zone="America/Phoenix")
    harbor.clerk.sites.add(mesa.site)
    a_call(mesa, make_patient(mesa.site, email="", phone="+15185550178"))

    page = text_of(desk.get(reverse("desk:messages")))

    assert "Harbor, EDT" in page
    assert "Mesa, MST" in page


def test_the_ledger_is_filtered_by_state_and_counts_each(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9)))
    deliver()
    page = desk.get(reverse("desk:messages"), {"state": "sent"})
    assert [row.kind for row in page.context["page"].object_list] == [Kind.CONSULT_BOOKED]
    assert {value: number for value, _label, number in page.context["states"]}["due"] == 2
    assert desk.get(reverse("desk:messages"), {"state": "nonsense", "kind": "x", "patient": "y"}).status_code == 200


def test_all_of_the_ledger_begins_with_what_was_told_last_and_ends_with_what_is_far_off(
    desk: Client, harbor: Clinic, ada: Patient
) -> None:
    for hour in (9, 11):
        ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[hour // 10], hour)))
    deliver()
    rows = list(desk.get(reverse("desk:messages")).context["page"].object_list)
    ahead = [row.due_at > clock.now() for row in rows]
    assert ahead == sorted(ahead)
    assert {*ahead} == {True, False}
    to_come = [row.due_at for row in rows if row.due_at > clock.now()]
    assert to_come == sorted(to_come)
    assert len({*to_come}) > 1


def test_the_ledger_of_one_patient_shows_only_theirs(desk: Client, harbor: Clinic, ada: Patient, call: Message) -> None:
    page = desk.get(reverse("desk:messages"), {"patient": str(call.patient_id)})
    assert {row.patient_id for row in page.context["page"].object_list} == {call.patient_id}


@pytest.mark.parametrize("name", ["desk:messages", "desk:calls"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    desk: Client, harbor: Clinic, name: str, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    a_call(harbor, make_patient(harbor.site, email=""))
    with django_assert_max_num_queries(30) as few:
        desk.get(reverse(name))
    for number in range(6):
        a_call(harbor, make_patient(harbor.site, email="", phone=f"+1518555019{number}"))
    with django_assert_max_num_queries(len(few)):
        desk.get(reverse(name))


def test_a_sent_message_shows_its_text_and_what_was_tried(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9)))
    deliver()
    row = world.only(kind=Kind.CONSULT_BOOKED)
    page = text_of(desk.get(reverse("desk:message", args=[row.pk])))
    assert row.subject in page
    assert "ada@example.org" in page
    assert "Accepted" in page
    assert row.message_id in page
    assert "/my/" not in page


def test_a_waiting_message_shows_how_it_would_read_now(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9)))
    row = world.only(kind=Kind.PREPARE)
    page = text_of(desk.get(reverse("desk:message", args=[row.pk])))
    assert "How it would read now" in page
    assert "[personal link]" in page
    Appointment.objects.update(version=7)
    assert "It will not be sent: the visit has moved." in text_of(desk.get(reverse("desk:message", args=[row.pk])))


def test_how_it_would_read_now_is_in_the_language_and_by_the_way_of_now(
    desk: Client, harbor: Clinic, ada: Patient
) -> None:
    ledger.announce_booked(world.make_series(harbor, ada))
    message = world.only(kind=Kind.BOOKED)
    Patient.objects.filter(pk=ada.pk).update(language="es", phone="+15185550142", channel="call")
    page = desk.get(reverse("desk:message", args=[message.pk])).content.decode()
    assert "¿Puedo hablar con" in page, "the words to say, in Spanish"
    message.refresh_from_db()
    assert (message.language, message.channel) == ("en", "mail"), "a look writes nothing"


def test_a_failed_mail_can_be_sent_again_to_the_same_address(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9)))
    row = world.only(kind=Kind.CONSULT_BOOKED)
    Message.objects.filter(pk=row.pk).update(state=State.FAILED, attempts=3, last_error="550 no such user")
    Patient.objects.update(email_failed_at=NOW)
    desk.post(reverse("desk:message_send_again", args=[row.pk]))
    assert deliver().sent == 1
    again = world.only(pk=row.pk)
    assert (again.state, again.channel, again.last_error) == (State.SENT, Channel.MAIL, "")
    assert again.message_id != row.message_id


def test_a_failed_mail_can_become_a_call(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9)))
    row = world.only(kind=Kind.CONSULT_BOOKED)
    Message.objects.filter(pk=row.pk).update(state=State.FAILED, last_error="554 spam")
    desk.post(reverse("desk:message_call_instead", args=[row.pk]))
    assert deliver().handed == 1
    assert world.only(pk=row.pk).channel == Channel.CALL


def test_a_message_is_left_unsent_only_with_a_reason(desk: Client, call: Message) -> None:
    url = reverse("desk:message_leave_unsent", args=[call.pk])
    response = desk.post(url, {"reason": " "})
    assert response.status_code == 422
    assert "Write down why." in text_of(response)
    desk.post(url, {"reason": "told at the door"})
    call.refresh_from_db()
    assert (call.state, call.skip_reason) == (State.SKIPPED, "told at the door")


def test_what_was_sent_cannot_be_left_unsent(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9)))
    deliver()
    row = world.only(kind=Kind.CONSULT_BOOKED)
    url = reverse("desk:message_leave_unsent", args=[row.pk])
    response = desk.post(url, {"reason": "a mistake"}, follow=True)
    assert "cannot be left out any more" in text_of(response)


def test_a_message_whose_time_has_passed_is_not_sent_again(harbor: Clinic, call: Message) -> None:
    Message.objects.filter(pk=call.pk).update(state=State.FAILED)
    with clock.at_moment(harbor.at(world.NEXT_WEEK[0], 12)), pytest.raises(Refused, match="too late"):
        calls.send_again(by=harbor.by(Role.FRONT_DESK), message=call)


def test_who_says_yes_to_email_on_the_call_is_written_to_instead(
    desk: Client, harbor: Clinic, call: Message, smtp_sink: Sink
) -> None:
    url = reverse("desk:message", args=[call.pk])
    assert "instead" not in text_of(desk.get(url)), "the control: nothing to write to"
    with pytest.raises(Refused, match="Only a call"):
        calls.write_instead(by=harbor.by(Role.FRONT_DESK), message=call)
    Patient.objects.filter(messages=call).update(email="ben@example.org", mail_consent=True, channel=Channel.MAIL)
    assert "Send it by email instead" in text_of(desk.get(url))
    for _twice in range(2):
        desk.post(reverse("desk:message_write_instead", args=[call.pk]))
    deliver()
    assert len(smtp_sink.to("ben@example.org")) == 1
    call.refresh_from_db()
    assert (call.state, call.channel) == (State.SENT, Channel.MAIL)


def test_the_patients_page_lists_the_messages_and_links_to_the_sheet(desk: Client, call: Message) -> None:
    page = text_of(desk.get(reverse("desk:patient", args=[call.patient_id])))
    assert reverse("desk:message", args=[call.pk]) in page
    assert reverse("desk:sheet", args=[call.patient_id]) in page


def test_the_sheet_has_dates_preparation_and_the_rule_of_the_ride(desk: Client, harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    Ride.objects.filter(appointment=series.appointments.get(number=2)).update(
        status="named", companion=world.make_companion(ada)
    )
    page = text_of(desk.get(reverse("desk:sheet", args=[ada.pk])))
    for words in (
        "Monday, April 12, 2027, 9 a.m. to 10:55 a.m. (EDT)",
        "Nothing to eat after 3 a.m.",
        "Ben Quill",
        "A taxi alone is not enough.",
        "(518) 555-0100",
    ):
        assert words in page


def test_the_sheet_is_in_the_patients_language(desk: Client, harbor: Clinic, ada: Patient) -> None:
    ada.language = "es"
    ada.save()
    world.make_series(harbor, ada)
    page = text_of(desk.get(reverse("desk:sheet", args=[ada.pk])))
    assert "lunes 12 de abril de 2027" in page
    assert "Un taxi solo no basta." in page


def test_the_sheet_of_a_patient_without_visits_says_so(desk: Client, ada: Patient) -> None:
    assert "There are no visits to come." in text_of(desk.get(reverse("desk:sheet", args=[ada.pk])))


def test_a_stranger_is_sent_to_the_sign_in(client: Client, call: Message) -> None:
    for url in (reverse("desk:calls"), reverse("desk:messages"), reverse("desk:message", args=[call.pk])):
        assert client.get(url).status_code == 302
    assert Site.objects.count() == 1
    assert call.due_at < NOW + timedelta(days=1)
