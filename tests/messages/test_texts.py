"""Every wording: it says what is needed, in the reader's language, the same in text and HTML, and nothing clinical."""

import ast
import gettext
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings

from clinic import clock
from patients.models import Channel, Patient
from scheduling.messages import ledger, letters, texts
from scheduling.messages.delivery import deliver
from scheduling.messages.letters import preview
from scheduling.models import Appointment, Message, ProtocolText, ProtocolVersion, Ride
from tests.factories import NOW, Clinic, make_clinic, make_patient
from tests.messages import samples, world

Kind = Message.Kind
EVERY_KIND = sorted(Kind.values)
#: What a message must never name: drug, treatment, diagnosis, score, chair, staff, or the protocol's name.
CLINICAL = re.compile(
    r"ketamin|infusi|booster|drip|inject|inyecc|dose|dosis|pain|dolor|depress|depres|fibromyal|treatment|tratamiento|"
    r"chair|recliner|silla|sill[oó]n|nurse|enfermer|six|stroke|consult|protocol|benefit|Gray",
    re.IGNORECASE,
)


class Words(HTMLParser):
    """The visible words of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag == "title"

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.found.extend(data.split())


def previews(language: str) -> dict[str, tuple[Message, texts.Rendered]]:
    """A message of every kind, to people who read that language, with how it reads."""
    clinic = make_clinic()
    patient = make_patient(clinic.site, language=language, email="ada@example.org", phone="+15185550142")
    found = samples.one_of_each(clinic, patient)
    assert sorted(found) == EVERY_KIND
    return {kind: (message, preview(message)) for kind, message in found.items()}


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_kind_can_be_written_and_says_nothing_clinical(db: None, language: str) -> None:
    for kind, (message, rendered) in previews(language).items():
        assert rendered.subject, kind
        assert message.site.neutral_name in " ".join(rendered.text.split()), kind
        for part in (rendered.subject, rendered.text, rendered.html):
            assert CLINICAL.search(part) is None, kind
            assert message.site.name not in " ".join(part.split()).replace(message.site.neutral_name, ""), kind
        assert "{" not in rendered.text, kind
        assert "None" not in rendered.text, kind


def test_the_search_for_clinical_words_finds_them() -> None:
    """Control: what the test above looks for would be seen."""
    for text in ("your infusion is booked", "Chair 3", "Six infusions", "la dosis"):
        assert CLINICAL.search(text)


def test_text_and_html_say_the_same(db: None) -> None:
    for kind, (_message, rendered) in previews("en").items():
        page = Words()
        page.feed(rendered.html)
        # The page begins with the clinic's name, and has a button where the text has the link.
        shown = page.found[len(["Harbor", "Day", "Center"]) :]
        said = " ".join(word for word in rendered.text.split() if word != "-")
        assert shown == said.replace(texts.LINK_LEFT_OUT, "Open your page").split(), kind


def test_a_spanish_reader_meets_no_english_sentence(db: None) -> None:
    names = {"Harbor Day Center", "12 Quay Street, Albany, NY 12207", texts.LINK_LEFT_OUT}
    for kind, (message, rendered) in previews("es").items():
        message.language = "en"
        english = set(preview(message).kept.splitlines())
        same = {line for line in english & set(rendered.kept.splitlines()) if len(line.split()) > 1}
        assert same <= names, kind


def test_the_compiled_catalogue_says_what_its_source_says() -> None:
    folder = Path(settings.LOCALE_PATHS[0]) / "es" / "LC_MESSAGES"
    with (folder / "django.mo").open("rb") as compiled:
        catalogue = gettext.GNUTranslations(compiled)
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', (folder / "django.po").read_text(), re.MULTILINE)
    assert len(pairs) > 100
    for source, spanish in pairs:
        assert catalogue.gettext(_plain(source)) == _plain(spanish)


def _plain(quoted: str) -> str:
    """What stands between the quotation marks of a catalogue."""
    return str(ast.literal_eval(f'"{quoted}"'))


def test_the_booking_message_has_all_dates_the_address_and_asks_who_drives(harbor: Clinic, ada: Patient) -> None:
    ledger.announce_booked(world.make_series(harbor, ada))
    text = preview(world.only(kind=Kind.BOOKED)).text
    for line in (
        "- Monday, April 12, 2027, 9 a.m. to 10:55 a.m. (EDT)",
        "- Wednesday, April 14, 2027, 9 a.m. to 10:55 a.m. (EDT)",
        "12 Quay Street, Albany, NY 12207",
        "Who drives you home? Please tell us on your page:",
        "How to prepare: you hear from us before each visit, with the clock times.",
    ):
        assert line in text
    assert "An adult, 18 or older, must come for you at the end and drive you home." in " ".join(text.split())


def test_a_late_booking_tells_how_to_prepare_at_once(harbor: Clinic, ada: Patient) -> None:
    tomorrow = NOW.date() + timedelta(days=1)
    ledger.announce_booked(world.make_series(harbor, ada, [tomorrow, tomorrow + timedelta(days=7)]))
    text = preview(world.only(kind=Kind.BOOKED)).text
    assert "How to prepare for Tuesday, April 6, 2027, since that is soon:" in text
    assert "Nothing to eat after 3 a.m." in text
    assert "For the other dates you hear from us in time" in text


def test_a_move_to_tomorrow_tells_how_to_prepare_at_once(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_series(harbor, ada).appointments.get(number=1)
    world.move(visit, harbor.at(NOW.date() + timedelta(days=1), 11))
    text = preview(world.only(kind=Kind.MOVED)).text
    assert "Nothing to eat after 5 a.m." in text
    assert "It is no longer on Monday, April 12, 2027, 9 a.m. (EDT)." in text


def test_the_preparation_names_the_clock_times_and_the_day_where_it_is_another(harbor: Clinic, ada: Patient) -> None:
    ProtocolVersion.objects.filter(pk=harbor.induction.pk).update(fasting_food_hours=10, fasting_fluids_hours=2)
    ledger.announce_booked(world.make_series(harbor, ada))
    message = Message.objects.filter(kind=Kind.PREPARE).order_by("due_at")[0]
    text = " ".join(preview(message).text.split())
    assert "Nothing to eat after 11 p.m. on Sunday, April 11, 2027." in text
    assert "7 a.m." in text
    assert "Eat nothing before you come." in text


def test_the_doctors_text_comes_in_the_patients_language(harbor: Clinic, ada: Patient) -> None:
    ada.language = "es"
    ada.save()
    ProtocolText.objects.filter(language="es").update(bring="Auriculares")
    ledger.announce_booked(world.make_series(harbor, ada))
    message = Message.objects.filter(kind=Kind.PREPARE).order_by("due_at")[0]
    text = preview(message).text
    assert "No coma nada antes de venir." in text
    assert "Auriculares" in text
    assert "lunes 12 de abril de 2027" in text


@pytest.mark.parametrize(
    ("channel", "says"), [(Channel.MAIL, False), (Channel.TEXT, False), (Channel.CALL, True), (Channel.PAPER, True)]
)
def test_what_not_to_take_is_said_or_posted_and_a_mail_or_a_text_leads_to_the_page(
    harbor: Clinic, ada: Patient, channel: Channel, says: bool
) -> None:
    ProtocolText.objects.filter(language="en").update(medicines="Leave out the blue tablets.")
    ledger.announce_booked(world.make_series(harbor, ada))
    message = Message.objects.filter(kind=Kind.PREPARE).order_by("due_at")[0]
    message.channel = channel
    text = " ".join(preview(message).kept.split())
    assert ("Leave out the blue tablets." in text) == says
    assert ("note" in text and "on your page" in text) == (not says)
    assert ("[Ask for the birth date first. Only then say:]" in text) == (channel == Channel.CALL)


def test_who_is_named_to_drive_is_not_asked_for_again(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_series(harbor, ada, [world.NEXT_WEEK[0]]).appointments.get()
    Ride.objects.filter(appointment=visit).update(status="confirmed", companion=world.make_companion(ada))
    ledger.schedule_reminders(visit)
    text = preview(world.only(kind=Kind.PREPARE)).text
    assert "Named so far: Ben Quill." in text
    assert "Who drives you home?" not in text


@pytest.mark.parametrize("link", [True, False])
def test_who_is_named_for_some_of_the_dates_only_is_asked_about_the_others(
    harbor: Clinic, ada: Patient, link: bool
) -> None:
    if not link:
        Patient.objects.filter(pk=ada.pk).update(email="", phone="+15185550142")
    series = world.make_series(harbor, ada)
    first = series.appointments.get(number=1)
    Ride.objects.filter(appointment=first).update(status="confirmed", companion=world.make_companion(ada))
    ledger.announce_booked(series)
    text = " ".join(preview(world.only(kind=Kind.BOOKED)).text.split())
    assert "Named so far: Ben Quill. For some of the dates nobody is named yet." in text
    assert "Who drives you home?" not in text


def test_a_waived_ride_asks_nothing(harbor: Clinic, ada: Patient) -> None:
    visit = world.make_series(harbor, ada, [world.NEXT_WEEK[0]]).appointments.get()
    Ride.objects.filter(appointment=visit).update(
        status="waived", waived_by=harbor.doctor, waiver_reason="walks next door"
    )
    ledger.schedule_reminders(visit)
    text = preview(world.only(kind=Kind.PREPARE)).text
    assert "drive" not in text
    assert "walks next door" not in text


def test_a_companion_reads_a_first_name_dates_and_pick_up_times(harbor: Clinic, ada: Patient) -> None:
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), world.make_companion(ada))
    deliver()
    row = world.only(kind=Kind.COMPANION_NAMED)
    assert "- Monday, April 12, 2027: be there at 10:55 a.m. (EDT)" in row.body
    assert ada.family_name not in row.body
    assert "Hello Ben Quill," in row.body


def test_the_words_of_a_call_ask_for_the_person_first_and_carry_no_link(harbor: Clinic) -> None:
    ben = make_patient(harbor.site, email="", given_name="Ben", family_name="Ode")
    ledger.announce_booked(world.make_series(harbor, ben))
    script = preview(world.only(kind=Kind.BOOKED)).kept
    assert script.startswith("Hello, this is Harbor Day Center. May I speak with Ben Ode?\n\n[")
    assert "page" not in script.replace("the patient's page", "")
    assert "[Write down the name and a telephone number" in script


def test_news_of_a_no_says_only_that_the_doctor_wishes_to_talk(harbor: Clinic, ada: Patient) -> None:
    message = samples.refusal(harbor, ada)
    assert message.channel == Channel.CALL
    text = preview(message).text
    assert "would like to speak with you" in " ".join(text.split())
    assert CLINICAL.search(text) is None


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [("phone", "We call you on the telephone at that time"), ("video", "We meet by video at that time")],
)
def test_a_consult_from_afar_names_no_address(harbor: Clinic, ada: Patient, mode: str, sentence: str) -> None:
    ledger.announce_consult(world.make_visit(harbor, ada, harbor.at(world.NEXT_WEEK[0], 9), mode=mode))
    text = preview(world.only(kind=Kind.CONSULT_BOOKED)).text
    assert sentence in text
    assert "Quay Street" not in text


def test_names_are_escaped_in_html_and_not_in_text(harbor: Clinic, ada: Patient) -> None:
    ada.given_name = "Ada <b>& Co"
    ada.save()
    ledger.announce_booked(world.make_series(harbor, ada))
    rendered = preview(world.only(kind=Kind.BOOKED))
    assert "Hello Ada <b>& Co," in rendered.text
    assert "Ada &lt;b&gt;&amp; Co" in rendered.html


def test_a_name_with_a_line_break_cannot_add_a_header(harbor: Clinic, ada: Patient, mailoutbox: list[object]) -> None:
    ada.given_name = "Ada\nBcc: everybody@example.org"
    ada.save()
    world.name_driver(world.make_series(harbor, ada).appointments.get(number=1), world.make_companion(ada))
    deliver()
    sent = mailoutbox[0].message()  # type: ignore[attr-defined]
    assert sent["Bcc"] is None
    assert "\n" not in sent["Subject"]


def test_lines_of_the_text_part_are_short_and_links_are_whole(harbor: Clinic, ada: Patient) -> None:
    ledger.announce_booked(world.make_series(harbor, ada))
    letter = letters.write(world.only(kind=Kind.BOOKED), [])
    assert letter.mail is not None
    lines = str(letter.mail.body).splitlines()
    assert [line for line in lines if len(line) > texts.WIDTH and "http" not in line] == []
    assert sum("/my/" in line for line in lines) == 1


def test_local_times_follow_the_visit_across_a_change_of_the_clocks(harbor: Clinic, ada: Patient) -> None:
    with clock.at_moment(clock.moment(date(2027, 10, 27), NOW.time(), harbor.site.zone)):
        ledger.announce_booked(world.make_series(harbor, ada, [date(2027, 11, 5), date(2027, 11, 8)]))
        text = preview(world.only(kind=Kind.BOOKED)).text
    assert "Friday, November 5, 2027, 9 a.m. to 10:55 a.m. (EDT)" in text
    assert "Monday, November 8, 2027, 9 a.m. to 10:55 a.m. (EST)" in text


def test_a_cancelled_visit_of_a_series_names_the_visits_that_stay(harbor: Clinic, ada: Patient) -> None:
    series = world.make_series(harbor, ada)
    world.cancel(series.appointments.get(number=2))
    text = preview(world.only(kind=Kind.CANCELLED)).text
    assert "April 14" in text.split("These visits stay as they are:")[0]
    assert "April 12" in text.split("These visits stay as they are:")[1]
    assert Appointment.objects.filter(status="cancelled").count() == 1
