"""Text messages: who gets them, what they say, and what becomes of each try."""

import re
import stat
from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail

from clinic import clock
from patients.models import Channel, Contact, Patient
from scheduling.messages import claiming, delivery, ledger, short, text_channel
from scheduling.messages.content import content_of
from scheduling.messages.delivery import deliver
from scheduling.messages.letters import WITH_LINK, preview
from scheduling.messages.routing import channel_for
from scheduling.models import Message, MessageAttempt, SiteWording
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages import samples, world
from tests.messages.test_texts import CLINICAL
from tests.texting import ACCOUNT, SENDER, TOKEN, FakeTwilio

Kind, State, Result = Message.Kind, Message.State, MessageAttempt.Result
#: Follow-up is always a call.
AS_TEXT = sorted(set(Kind.values) - {Kind.FOLLOW_UP})
PHONE = "+15185550142"
#: As long as a real one: https, a host, and a token.
LINK = f"https://visits.harbor-day-center.example/my/{'x' * 32}/"


@pytest.fixture(autouse=True)
def _texts_in_a_folder(settings: Any, tmp_path: Path) -> None:
    settings.TEXT_FILE_PATH = str(tmp_path / "texts")
    settings.PUBLIC_URL = LINK.partition("/my/")[0]


@pytest.fixture
def twilio(settings: Any) -> Iterator[FakeTwilio]:
    """A provider that answers."""
    fake = FakeTwilio()
    settings.TEXT_PROVIDER = fake.provider
    yield fake
    fake.stop()


@pytest.fixture
def tess(harbor: Clinic) -> Patient:
    """A patient who wishes texts and agrees to them."""
    return texting(harbor)


def texting(harbor: Clinic, phone: str = PHONE, **fields: Any) -> Patient:
    """Somebody who wishes texts and agrees to them."""
    return make_patient(harbor.site, phone=phone, channel=Channel.TEXT, text_consent=True, **({"email": ""} | fields))


def tell(harbor: Clinic, patient: Patient) -> Message:
    """Something to be told to the patient now."""
    ledger.announce_consult(world.make_visit(harbor, patient, harbor.at(world.NEXT_WEEK[0], 9)))
    return world.only(patient=patient, kind=Kind.CONSULT_BOOKED)


def results(message: Message) -> list[str]:
    """What came of each try."""
    return list(message.attempt_rows.order_by("at", "pk").values_list("result", flat=True))


# --- who gets texts


def test_who_wishes_texts_and_agrees_gets_them(tess: Patient) -> None:
    assert channel_for(tess) is Channel.TEXT


@pytest.mark.parametrize(
    ("fields", "channel"),
    [
        ({"text_consent": False}, Channel.CALL),
        ({"phone": ""}, Channel.CALL),
        ({"phone": "", "email": "a@example.org", "mail_consent": True}, Channel.MAIL),
        ({"channel": Channel.CALL}, Channel.CALL),
    ],
)
def test_without_a_yes_a_number_or_the_wish_it_is_another_way(
    tess: Patient, fields: dict[str, Any], channel: Channel
) -> None:
    for name, value in fields.items():
        setattr(tess, name, value)
    assert channel_for(tess) is channel


def test_a_companion_with_a_number_who_wishes_texts_gets_them(harbor: Clinic, ada: Patient) -> None:
    assert channel_for(world.make_companion(ada, channel=Channel.TEXT)) is Channel.TEXT
    assert channel_for(world.make_companion(ada, channel=Channel.TEXT, phone="", email="")) is Channel.CALL


def test_where_texts_would_only_become_files_in_production_they_are_calls(tess: Patient, settings: Any) -> None:
    settings.TEXTS_GO_OUT = False
    assert channel_for(tess) is Channel.CALL


# --- what they say


#: What stands for steps that do not fit, as an SMS has it.
POINTER = {"en": "How to prepare is on your page.", "es": "En su pagina esta como prepararse."}


def written(language: str) -> dict[str, tuple[Message, str]]:
    """Every kind as a text, with a link as long as a real one."""
    clinic = make_clinic()
    patient = make_patient(clinic.site, language=language, email="ada@example.org", phone=PHONE)
    found = samples.one_of_each(clinic, patient)
    words = {}
    for kind in AS_TEXT:
        found[kind].channel = Channel.TEXT
        words[kind] = (found[kind], preview(found[kind]).text.replace("[personal link]", LINK))
    return words


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_kind_fits_into_two_messages_of_the_gsm_alphabet_or_three_with_preparation(
    db: None, language: str
) -> None:
    for kind, (_message, text) in written(language).items():
        assert set(text) <= short.BASIC | short.EXTENSION, kind
        prepares = kind in {Kind.PREPARE, Kind.TODAY} or POINTER[language] in text
        longest = short.LONGEST_WITH_STEPS if prepares else short.LONGEST
        assert short.length(text) <= longest, (kind, text)


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_kind_says_little_and_where_to_read_on(db: None, language: str) -> None:
    for kind, (message, text) in written(language).items():
        assert CLINICAL.search(text) is None, (kind, text)
        assert message.site.neutral_name in text or kind == Kind.COMPANION_NAMED or kind == Kind.RIDE_MISSING, kind
        assert re.search(r"None|\{", text) is None, kind
        # The sample that was cancelled was the only visit: no page is left to lead to.
        assert (LINK in text) == (kind in WITH_LINK - {Kind.CANCELLED}), kind
        assert "[" not in text, "nothing for a caller"


def test_a_spanish_reader_meets_no_english_sentence(db: None) -> None:
    for kind, (message, text) in written("es").items():
        message.language = "en"
        english = set(preview(message).text.splitlines())
        both = set(text.splitlines()) & english
        same = {line for line in both if len(line.split()) > 1 and message.site.address_line not in line}
        assert same == set(), kind


def test_a_text_names_day_time_and_page(db: None) -> None:
    _message, text = written("en")[Kind.MOVED]
    assert "New time for your visit at Harbor Day Center" in text
    assert "Tuesday, April 13, 2027\n2 p.m. to 3:55 p.m. (EDT)" in text
    assert re.search(r"Questions\? \(518\) 555-\d{4}$", text), text


def test_a_text_asks_who_drives_until_somebody_is_named(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada, world.NEXT_WEEK[:1])
    ledger.announce_booked(series)
    message = world.only(kind=Kind.BOOKED)
    message.channel = Channel.TEXT
    question = "Who drives you home? Please tell us on your page: "
    assert question in preview(message).text
    world.name_driver(series.appointments.get(), world.make_companion(ada))
    assert question not in preview(message).text


def test_a_text_to_a_companion_says_who_writes_and_where_to_come(db: None) -> None:
    message, text = written("en")[Kind.COMPANION_NAMED]
    assert "\nHarbor Day Center, 12 Quay Street, Albany, NY 12207\n" in text
    message.site.address_line = "The Old Customs House, " * 4
    assert "\nHarbor Day Center\n" in preview(message).text


def test_a_text_tells_when_to_stop_eating(db: None) -> None:
    _message, text = written("en")[Kind.PREPARE]
    assert "Nothing to eat after 3 a.m." in text


def test_steps_that_do_not_fit_are_left_to_the_page_whole(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short, "LONGEST_WITH_STEPS", 300)
    _message, text = written("en")[Kind.PREPARE]
    assert "Nothing to eat" not in text
    assert LINK in text


def test_a_sites_own_subject_is_used_where_it_fits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    message, _text = written("en")[Kind.TODAY]
    own = SiteWording.objects.create(site=message.site, kind=Kind.TODAY, language="en", subject="See you today")
    assert preview(message).text.startswith("See you today\n")
    with monkeypatch.context() as patched:
        patched.setattr(short, "LONGEST_WITH_STEPS", 10)
        patched.setattr(short, "LONGEST", 10)
        assert preview(message).text.startswith("Today at 9 a.m.")
    own.subject = "Café"
    own.save()
    assert preview(message).text.startswith("Café\nMonday, April 12, 2027, 9 a.m.")


def test_a_text_in_somebodys_stead_begins_with_whom_it_is_about(harbor: Clinic, ada: Patient) -> None:
    message = tell(harbor, ada)
    content = content_of(message)
    content.words["in_stead"] = True
    assert short.render(message, content).text.startswith(f"{ada.given_name}: Your visit at ")


def test_accents_that_an_sms_lacks_are_left_out_and_other_scripts_stay() -> None:
    assert short.gsm("José “mañana” \u2013 ¿qué? Ægir") == 'José "mañana" - ¿qué? Ægir'
    assert short.gsm("llámenos aquí") == "llamenos aqui"
    assert short.gsm("Ольга") == "Ольга"


# --- what becomes of a try


def test_without_a_provider_a_text_is_a_file_that_nobody_else_reads(
    harbor: Clinic, tess: Patient, settings: Any
) -> None:
    row = tell(harbor, tess)
    assert deliver().sent == 1
    (file,) = Path(settings.TEXT_FILE_PATH).iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"To: {PHONE}\nMessage-ID: {row.message_id}\n" in file.read_text()
    row.refresh_from_db()
    assert (row.state, row.channel, row.address) == (State.SENT, Channel.TEXT, PHONE)
    assert "[personal link]" in row.body
    assert "/my/" not in row.body
    assert world.links_of(row) == 1
    assert mail.outbox == []


def test_the_provider_gets_number_words_and_credentials(harbor: Clinic, tess: Patient, twilio: FakeTwilio) -> None:
    row = tell(harbor, tess)
    assert deliver().sent == 1
    (form,) = twilio.texts
    assert (form["To"], form["From"]) == (PHONE, SENDER)
    assert "Monday, April 12, 2027" in form["Body"]
    assert "/my/" in form["Body"]
    basic = b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    assert twilio.requests == [(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", f"Basic {basic}")]
    attempt = row.attempt_rows.get()
    assert (attempt.result, attempt.detail) == (Result.ACCEPTED, "SM1")


@pytest.mark.parametrize("code", sorted(text_channel.NUMBER_CODES))
def test_a_bad_number_fails_alone_and_is_not_texted_again(
    harbor: Clinic, tess: Patient, twilio: FakeTwilio, code: int
) -> None:
    bad, good = tell(harbor, tess), tell(harbor, texting(harbor, "+15185550143"))
    twilio.refuse[PHONE] = (400, code)
    run = deliver()
    assert (run.sent, run.failed, run.closed) == (1, 1, "")
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, good.state) == (State.FAILED, State.SENT)
    assert bad.last_error == f"400 {code}: no such luck"
    tess.refresh_from_db()
    assert channel_for(tess) is Channel.CALL


def test_a_companion_whose_number_is_bad_is_called_next_time(harbor: Clinic, ada: Patient, twilio: FakeTwilio) -> None:
    ben = world.make_companion(ada, channel=Channel.TEXT)
    twilio.refuse[ben.phone] = (400, 21614)
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), ben)
    assert deliver().failed == 1
    assert channel_for(Contact.objects.get(pk=ben.pk)) is Channel.CALL


def test_another_refusal_says_nothing_about_the_number(harbor: Clinic, tess: Patient, twilio: FakeTwilio) -> None:
    twilio.refuse[PHONE] = (400, 21408)
    row = tell(harbor, tess)
    assert deliver().failed == 1
    assert results(row) == [Result.REFUSED]
    tess.refresh_from_db()
    assert tess.text_consent


@pytest.mark.parametrize(
    ("answer", "result"),
    [((429, 20429), Result.TEMPORARY), ((503, 20503), Result.TEMPORARY), ((500, 20500), Result.UNKNOWN)],
)
def test_what_may_pass_is_tried_again(
    harbor: Clinic, tess: Patient, twilio: FakeTwilio, answer: tuple[int, int], result: str
) -> None:
    twilio.refuse_next.append(answer)
    row = tell(harbor, tess)
    assert deliver().again == 1
    with clock.at_moment(NOW + delivery.wait_after(1)):
        assert deliver().sent == 1
    assert results(row) == [result, Result.ACCEPTED]
    assert len(twilio.texts) == 1


def test_an_answer_that_does_not_come_leaves_the_outcome_unknown(
    harbor: Clinic, tess: Patient, twilio: FakeTwilio, settings: Any
) -> None:
    settings.TEXT_TIMEOUT, twilio.silent = 0.1, 0.5
    row = tell(harbor, tess)
    assert deliver().again == 1
    assert results(row) == [Result.UNKNOWN]


def test_a_line_cut_after_the_request_leaves_the_outcome_unknown(
    harbor: Clinic, tess: Patient, twilio: FakeTwilio
) -> None:
    twilio.cut = True
    row = tell(harbor, tess)
    deliver()
    assert results(row) == [Result.UNKNOWN]


@pytest.mark.parametrize("answer", [(401, 20003), (403, 20005), (400, 21606), (400, 21705), (404, 20404), (429, 63038)])
def test_a_provider_that_does_not_let_us_in_keeps_texts_due_and_mails_go_on(
    harbor: Clinic, tess: Patient, ada_by_mail: Patient, twilio: FakeTwilio, answer: tuple[int, int]
) -> None:
    row = tell(harbor, tess)
    tell(harbor, ada_by_mail)
    twilio.refuse[PHONE] = answer
    run = deliver()
    assert (run.sent, run.failed, run.shut) == (1, 0, {Channel.TEXT})
    row.refresh_from_db()
    assert (row.state, row.lease_by, row.last_error) == (State.DUE, "", f"{answer[0]} {answer[1]}")
    assert len(mail.outbox) == 1


@pytest.fixture
def ada_by_mail(harbor: Clinic) -> Patient:
    """A patient who is reached by mail."""
    return make_patient(harbor.site, email="ada@example.org", phone="+15185550144")


def test_a_provider_that_cannot_be_reached_costs_no_try(
    harbor: Clinic, tess: Patient, twilio: FakeTwilio, capfd: pytest.CaptureFixture[str]
) -> None:
    twilio.stop()
    row = tell(harbor, tess)
    run = deliver()
    row.refresh_from_db()
    assert (row.state, row.attempts) == (State.DUE, 0)
    assert run.closed.startswith("ConnectionRefusedError")
    assert TOKEN not in "".join(capfd.readouterr())


def test_a_lease_outlasts_the_timeouts_of_a_text(settings: Any) -> None:
    # Connecting, the request, and the head and body of the answer.
    assert 4 * timedelta(seconds=settings.TEXT_TIMEOUT) < claiming.LEASE


def test_news_by_text_waits_for_the_morning(harbor: Clinic, tess: Patient, twilio: FakeTwilio) -> None:
    with clock.at_moment(harbor.at(NOW.date(), 23)):
        row = tell(harbor, tess)
        deliver()
    assert twilio.texts == []
    assert row.due_at == harbor.at(NOW.date() + timedelta(days=1), 8)


def test_a_call_that_becomes_a_text_at_night_waits_for_the_morning(
    harbor: Clinic, ada_by_mail: Patient, twilio: FakeTwilio
) -> None:
    Patient.objects.filter(pk=ada_by_mail.pk).update(channel=Channel.CALL)
    ada_by_mail.refresh_from_db()
    with clock.at_moment(harbor.at(NOW.date(), 23)):
        row = tell(harbor, ada_by_mail)
        Patient.objects.filter(pk=ada_by_mail.pk).update(channel=Channel.TEXT, text_consent=True)
        assert deliver().postponed == 1
    row.refresh_from_db()
    assert (row.channel, row.due_at) == (Channel.TEXT, harbor.at(NOW.date() + timedelta(days=1), 8))
    assert twilio.texts == []
