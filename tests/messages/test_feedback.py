"""Mail through a provider's API, and what it says later: each word signed, each heard once."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from clinic import clock
from clinic.actor import Actor
from clinic.permissions import Role
from patients import actions as people
from patients.models import Channel, Contact, Patient
from scheduling.actions import calls, rides
from scheduling.hooks import mail
from scheduling.messages import feedback, ledger
from scheduling.messages.delivery import deliver
from scheduling.messages.routing import channel_for
from scheduling.models import Message, MessageAttempt, Ride
from tests.desk.pages import text
from tests.factories import NOW, Clinic
from tests.messages import world

Kind, State, Result = Message.Kind, Message.State, MessageAttempt.Result
SECRET = "hook:a-secret-of-more-than-twenty-letters"


class FakePostmark:
    """Answers as Postmark's /email does. `answers`: (status, ErrorCode) for the next mails; then all are taken."""

    def __init__(self) -> None:
        self.mails: list[dict[str, Any]] = []
        self.answers: list[tuple[int, int]] = []
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, code = fake.answers.pop(0) if fake.answers else (200, 0)
                fake.mails += [sent] if code == 0 else []
                words = {
                    0: "OK",
                    406: f"Found inactive addresses: {sent['To']}. Inactive recipients are ones that",
                }.get(code, "no")
                said = {"ErrorCode": code, "Message": words, "To": sent["To"]}
                raw = json.dumps(said | {"MessageID": f"pm-{len(fake.mails)}", "SubmittedAt": "2027-04-05"}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args: object) -> None:
                """Be quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def postmark(settings: Any) -> Iterator[FakePostmark]:
    """A provider that takes every mail."""
    fake = FakePostmark()
    settings.EMAIL_BACKEND, settings.MAIL_PROVIDER = "anymail.backends.postmark.EmailBackend", "postmark"
    settings.ANYMAIL = {
        "WEBHOOK_SECRET": SECRET,
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{fake.server.server_port}/",
    }
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


def sent(harbor: Clinic, patient: Patient) -> Message:
    """A booking that a worker has tried to send."""
    ledger.announce_booked(world.make_series(harbor, patient))
    deliver()
    return world.only(patient=patient, kind=Kind.BOOKED)


def say(client: Client, secret: str = SECRET, **said: Any) -> int:
    """Postmark speaks to us."""
    word = {"MessageID": "pm-1", "ServerID": 1, "Email": "ada@example.org", "Recipient": "ada@example.org"} | said
    key = b64encode(secret.encode()).decode()
    answer = client.post(
        reverse("hooks:mail"), json.dumps(word), content_type="application/json", HTTP_AUTHORIZATION=f"Basic {key}"
    )
    return int(answer.status_code)


BOUNCE: dict[str, Any] = {
    "RecordType": "Bounce",
    "ID": 7,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Details": "smtp;550 no such user",
}
COMPLAINT = BOUNCE | {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 100001}


def test_a_mail_goes_out_by_the_api_with_its_file_and_the_providers_id_is_kept(
    harbor: Clinic, ada: Patient, postmark: FakePostmark
) -> None:
    row = sent(harbor, ada)
    assert row.state == State.SENT
    assert row.attempt_rows.get().detail == "pm-1"
    (mail,) = postmark.mails
    assert mail["To"] == ada.email
    assert [(file["Name"], file["ContentType"].partition(";")[0]) for file in mail["Attachments"]] == [
        ("visits.ics", "text/calendar")
    ]


@pytest.mark.parametrize(
    ("answer", "state", "address_failed"),
    [
        ((401, 10), State.DUE, False),  # our token: no fault of the message, nothing is counted
        ((429, 0), State.DUE, False),
        ((500, 0), State.DUE, False),
        ((422, 300), State.FAILED, False),
        ((422, 406), State.FAILED, True),  # an address that Postmark has given up
    ],
)
def test_what_the_api_answers_is_read_as_the_ledger_knows_it(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, answer: tuple[int, int], state: str, address_failed: bool
) -> None:
    postmark.answers = [answer]
    row = sent(harbor, ada)
    ada.refresh_from_db()
    assert (row.state, ada.email_failed_at is not None) == (state, address_failed)
    assert row.attempt_rows.count() == (0 if answer[0] == 401 else 1)


def test_a_provider_that_cannot_be_reached_costs_no_try(harbor: Clinic, ada: Patient, settings: Any) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token", "POSTMARK_API_URL": "http://127.0.0.1:9/"}
    row = sent(harbor, ada)
    assert (row.state, row.last_error) == (State.DUE, "AnymailRequestsAPIError")
    assert not row.attempt_rows.exists()


def test_a_mail_that_comes_back_has_failed_and_the_next_message_is_a_call(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    row = sent(harbor, ada)
    assert [say(client, **BOUNCE) for _again in range(2)] == [200, 200]
    row.refresh_from_db()
    ada.refresh_from_db()
    assert (row.state, channel_for(ada)) == (State.FAILED, Channel.CALL)
    assert "smtp;550 no such user" in row.last_error
    assert [attempt.result for attempt in row.attempt_rows.all()] == [Result.ACCEPTED, Result.BOUNCED]


def test_a_companions_mail_that_comes_back_is_followed_by_calls(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    ben = world.make_companion(ada)
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    deliver()
    assert say(client, **BOUNCE, Email="ben@example.org") == 200
    ben.refresh_from_db()
    ada.refresh_from_db()
    assert (channel_for(ben), ada.email_failed_at) == (Channel.CALL, None)


def test_an_address_is_not_given_up_where_only_this_mail_was_not_let_in(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    row = sent(harbor, ada)
    say(client, **BOUNCE | {"Type": "Blocked", "TypeCode": 100006})
    row.refresh_from_db()
    ada.refresh_from_db()
    assert (row.state, ada.email_failed_at) == (State.FAILED, None)


SOFT_BOUNCE = BOUNCE | {"Type": "SoftBounce", "TypeCode": 4096, "Details": "smtp;452 mailbox full"}


def test_a_mail_that_came_back_for_now_is_tried_again_and_the_address_stays_good(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    row = sent(harbor, ada)
    assert [say(client, **SOFT_BOUNCE) for _again in range(2)] == [200, 200]
    row.refresh_from_db()
    ada.refresh_from_db()
    assert (row.state, ada.email_failed_at, channel_for(ada)) == (State.DUE, None, Channel.MAIL)
    assert "452 mailbox full" in row.last_error
    assert not deliver().sent, "not before the wait is over"
    with clock.at_moment(NOW + feedback.LATER):
        assert deliver().sent == 1
    first, second = ({part["Name"]: part["Value"] for part in mail["Headers"]} for mail in postmark.mails)
    assert first["Message-ID"] == second["Message-ID"]


def test_a_mail_that_comes_back_for_now_too_often_has_failed_and_the_address_stays_good(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    row = sent(harbor, ada)
    for time in range(1, feedback.MOST_RETURNS + 1):
        with clock.at_moment(NOW + time * feedback.LATER):
            deliver()
            say(client, **SOFT_BOUNCE | {"MessageID": f"pm-{time}"})
    row.refresh_from_db()
    ada.refresh_from_db()
    assert (row.state, ada.email_failed_at) == (State.FAILED, None)


@pytest.mark.parametrize(
    ("provider", "said", "soft"),
    [
        ("Amazon SES", {"bounce": {"bounceType": "Transient"}}, True),
        ("Amazon SES", {"bounce": {"bounceType": "Permanent"}}, False),
        ("Brevo", {"event": "soft_bounce"}, True),
        ("MailerSend", {"type": "activity.hard_bounced", "data": {"type": "hard_bounced"}}, False),
        ("Mailjet", {"event": "bounce", "hard_bounce": False}, True),
        ("Resend", {"type": "email.bounced", "data": {"bounce": {"type": "Transient"}}}, True),
        ("SparkPost", {"msys": {"message_event": {"bounce_class": "10"}}}, False),
        ("SparkPost", {"msys": {"message_event": {"bounce_class": "22"}}}, True),
        ("SendGrid", {"event": "bounce", "type": "blocked"}, True),
        ("Nobody", {}, False),
    ],
)
def test_what_is_for_now_is_read_in_each_providers_own_words(provider: str, said: dict[str, Any], soft: bool) -> None:
    assert mail._is_soft(provider, said) == soft


def test_who_unsubscribes_at_the_provider_is_called_from_then_on(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    sent(harbor, ada)
    say(client, **BOUNCE | {"Type": "Unsubscribe", "TypeCode": 16})
    ada.refresh_from_db()
    assert (ada.mail_consent, ada.email_failed_at, channel_for(ada)) == (False, NOW, Channel.CALL)


def test_who_calls_a_mail_unwanted_is_called_from_then_on(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    row = sent(harbor, ada)
    say(client, **COMPLAINT)
    row.refresh_from_db()
    ada.refresh_from_db()
    assert (row.state, ada.mail_consent, channel_for(ada)) == (State.SENT, False, Channel.CALL)


def test_the_desk_is_told_of_an_unwanted_mail_until_somebody_has_asked(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    sent(harbor, ada)
    say(client, **COMPLAINT)
    page = work_of(client, harbor)
    assert "Mail to ada@example.org was reported as unwanted" in page
    people.change_patient(by=harbor.by(Role.FRONT_DESK), patient=ada, mail_consent=True)
    assert channel_for(ada) == Channel.MAIL, "a new yes counts"
    assert "unwanted" not in work_of(client, harbor)


@pytest.fixture
def driven_by_ben(harbor: Clinic, ada: Patient, postmark: FakePostmark) -> Contact:
    """Ben, who drives Ada home and has been told so by mail."""
    ben = world.make_companion(ada)
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    deliver()
    return ben


def work_of(client: Client, harbor: Clinic) -> str:
    """The desk's work list, as its clerk reads it."""
    assert harbor.clerk.user is not None
    client.force_login(harbor.clerk.user)
    return text(client.get(reverse("desk:work")))


@pytest.mark.parametrize(
    ("said", "words", "answer"),
    [
        (COMPLAINT, "Mail to ben@example.org was reported as unwanted", {"mail_consent": True}),
        (COMPLAINT, "Mail to ben@example.org was reported as unwanted", {"channel": Channel.CALL}),
        (BOUNCE, "ben@example.org refuses mail", {"email": "ben@elsewhere.example"}),
        (COMPLAINT, "Mail to ben@example.org was reported as unwanted", {"email": "ben@elsewhere.example"}),
    ],
)
def test_the_desk_is_told_of_a_drivers_mail_that_is_unwanted_or_comes_back_until_somebody_has_asked(
    harbor: Clinic, driven_by_ben: Contact, client: Client, said: dict[str, Any], words: str, answer: dict[str, Any]
) -> None:
    say(client, **said, Email="ben@example.org")
    driven_by_ben.refresh_from_db()
    assert channel_for(driven_by_ben) == Channel.CALL
    assert words in work_of(client, harbor)
    people.change_contact(by=harbor.by(Role.FRONT_DESK), contact=driven_by_ben, **answer)
    assert channel_for(driven_by_ben) == answer.get("channel", Channel.MAIL)
    assert "Contacts who are not" not in work_of(client, harbor)


def test_whoever_drives_no_more_is_no_work_for_the_desk(harbor: Clinic, driven_by_ben: Contact, client: Client) -> None:
    say(client, **COMPLAINT, Email="ben@example.org")
    rides.decline_ride(by=Actor.system("test"), ride=Ride.objects.get(companion=driven_by_ben))
    assert "Contacts who are not" not in work_of(client, harbor)


@pytest.mark.parametrize(("born", "is_listed"), [(date(2015, 4, 5), True), (date(1970, 4, 5), False)])
def test_a_guardian_who_wants_no_more_mail_is_on_the_list_as_long_as_there_is_something_to_tell(
    harbor: Clinic, ada: Patient, client: Client, postmark: FakePostmark, born: date, is_listed: bool
) -> None:
    world.make_companion(ada, may_decide=True, email_failed_at=NOW, mail_consent=False)
    Patient.objects.filter(pk=ada.pk).update(birth_date=born)
    assert "ben@example.org" not in work_of(client, harbor), "no visit to come"
    world.make_series(harbor, ada)
    assert ("Mail to ben@example.org was reported" in work_of(client, harbor)) is is_listed


def test_who_would_rather_be_called_is_no_work_for_the_desk(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    Patient.objects.filter(pk=ada.pk).update(phone="+15185550142")
    sent(harbor, ada)
    say(client, **COMPLAINT)
    people.change_patient(by=harbor.by(Role.FRONT_DESK), patient=ada, channel=Channel.CALL)
    assert "unwanted" not in work_of(client, harbor)


def test_sending_again_tries_the_address_of_the_one_who_reads_it(
    harbor: Clinic, ada: Patient, postmark: FakePostmark
) -> None:
    """A companion's address that failed says nothing of the patient's, nor the other way round."""
    ben = world.make_companion(ada, email_failed_at=NOW)
    Patient.objects.filter(pk=ada.pk).update(email_failed_at=NOW)
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    Message.objects.filter(kind=Kind.COMPANION_NAMED).update(state=State.FAILED)
    calls.send_again(by=harbor.by(Role.FRONT_DESK), message=world.only(kind=Kind.COMPANION_NAMED))
    ada.refresh_from_db()
    ben.refresh_from_db()
    assert (ada.email_failed_at, ben.email_failed_at) == (NOW, None)


def test_a_mail_that_arrived_says_so_in_its_history(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client
) -> None:
    row = sent(harbor, ada)
    say(client, RecordType="Delivery", DeliveredAt="2027-04-05T14:00:00Z", Details="250 ok")
    assert row.attempt_rows.filter(result=Result.DELIVERED).count() == 1


@pytest.mark.parametrize("secret", ["hook:wrong", ""])
def test_a_word_that_is_not_signed_changes_nothing(
    harbor: Clinic, ada: Patient, postmark: FakePostmark, client: Client, secret: str
) -> None:
    row = sent(harbor, ada)
    assert say(client, secret, **BOUNCE) == 400
    row.refresh_from_db()
    assert row.state == State.SENT


def test_without_a_provider_there_is_no_such_page(db: None, client: Client) -> None:
    assert say(client, **BOUNCE) == 404
    assert client.post(reverse("hooks:texts"), {"MessageSid": "SM1"}).status_code == 404
