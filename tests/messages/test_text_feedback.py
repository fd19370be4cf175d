"""What the provider of texts says of one after it took it: each word signed, each heard once."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from patients.models import Channel, Patient
from scheduling.hooks.texts import signature
from scheduling.messages import ledger
from scheduling.messages.delivery import deliver
from scheduling.models import Message, MessageAttempt
from tests.factories import Clinic, make_patient
from tests.messages import world
from tests.texting import TOKEN, FakeTwilio

State, Result = Message.State, MessageAttempt.Result


def sent(harbor: Clinic, patient: Patient) -> Message:
    """A booking that a worker has tried to send."""
    ledger.announce_booked(world.make_series(harbor, patient))
    deliver()
    return world.only(patient=patient, kind=Message.Kind.BOOKED)


@pytest.fixture
def twilio(settings: Any) -> Iterator[FakeTwilio]:
    """A provider of texts that calls back."""
    fake = FakeTwilio()
    settings.TEXT_PROVIDER, settings.PUBLIC_URL = fake.provider, "https://visits.example"
    settings.TEXT_STATUS_URL = "https://visits.example/hooks/texts/"
    yield fake
    fake.stop()


def called_back(client: Client, token: str = TOKEN, **said: str) -> int:
    """Twilio says what has become of the first text."""
    form = {"MessageSid": "SM1", "AccountSid": "AC0123456789"} | said
    signed = signature(token, "https://visits.example/hooks/texts/", form).decode()
    return int(client.post(reverse("hooks:texts"), form, HTTP_X_TWILIO_SIGNATURE=signed).status_code)


@pytest.mark.parametrize(("code", "wishes_texts"), [("30003", True), ("30006", False)])
def test_a_text_that_did_not_arrive_has_failed_and_a_landline_is_called(
    harbor: Clinic, twilio: FakeTwilio, client: Client, code: str, wishes_texts: bool
) -> None:
    tess = make_patient(harbor.site, phone="+15185550142", email="", channel=Channel.TEXT, text_consent=True)
    row = sent(harbor, tess)
    assert twilio.texts[0]["StatusCallback"] == "https://visits.example/hooks/texts/"
    assert called_back(client, MessageStatus="undelivered", ErrorCode=code) == 204
    row.refresh_from_db()
    tess.refresh_from_db()
    assert (row.state, row.last_error) == (State.FAILED, f"Twilio undelivered {code}")
    assert tess.text_consent is wishes_texts


def test_a_text_that_twilio_speaks_of_before_it_is_written_down_is_looked_for_again(
    harbor: Clinic, twilio: FakeTwilio, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tess = make_patient(harbor.site, phone="+15185550142", email="", channel=Channel.TEXT, text_consent=True)
    row = sent(harbor, tess)
    accepted = MessageAttempt.objects.filter(message=row)
    accepted.update(detail="")
    monkeypatch.setattr("scheduling.hooks.texts.time.sleep", lambda seconds: accepted.update(detail="SM1"))
    assert called_back(client, MessageStatus="failed", ErrorCode="30003") == 204
    row.refresh_from_db()
    assert row.state == State.FAILED


def test_of_a_text_that_is_none_of_ours_twilio_hears(
    harbor: Clinic, twilio: FakeTwilio, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduling.hooks.texts.time.sleep", lambda seconds: None)
    assert called_back(client, MessageStatus="undelivered", ErrorCode="30003") == 404
    assert called_back(client, MessageStatus="delivered") == 204


def test_a_text_that_arrived_says_so_and_a_forged_word_is_not_heard(
    harbor: Clinic, twilio: FakeTwilio, client: Client
) -> None:
    tess = make_patient(harbor.site, phone="+15185550142", email="", channel=Channel.TEXT, text_consent=True)
    row = sent(harbor, tess)
    assert called_back(client, "another token", MessageStatus="failed") == 403
    assert called_back(client, MessageStatus="delivered") == 204
    row.refresh_from_db()
    assert row.state == State.SENT
    assert row.attempt_rows.filter(result=Result.DELIVERED).exists()


def test_twilios_own_example_of_a_signature_is_met() -> None:
    """https://www.twilio.com/docs/usage/security, "Explore the algorithm yourself"."""
    said = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+14158675309",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
    }
    found = signature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", said)
    assert found == b"RSOYDt4T1cUTdK1PDd93/VVr8B8="
