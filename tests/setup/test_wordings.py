"""A site's own words in its messages, and the preview, which is the message itself."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from clinic.errors import Refused
from clinic.permissions import Role
from patients.models import Channel
from scheduling.actions.setup.wording import save_wording
from scheduling.messages import letters, sample
from scheduling.messages.discretion import telling_words
from scheduling.messages.texts import Rendered
from scheduling.messages.wording import complaint
from scheduling.models import Message, SiteWording
from tests.desk.pages import text
from tests.factories import FIRST_DAY, Clinic, make_patient
from tests.messages.test_texts import CLINICAL
from tests.scheduling.helpers import book
from tests.snapshot import everything

Kind = Message.Kind


def shown(clinic: Clinic, kind: str, language: str = "en", channel: str = Channel.MAIL) -> Rendered:
    """The preview, as the page makes it."""
    with sample.taken_back():
        return sample.preview(clinic.site, kind, language, channel=channel)


def say(clinic: Clinic, kind: str, language: str = "en", **words: str) -> None:
    save_wording(by=clinic.by(Role.MANAGER), site=clinic.site, kind=kind, words={language: words})


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_has_a_preview_in_both_languages_that_leaves_nothing_behind(harbor: Clinic, kind: str) -> None:
    before = everything()
    for language, name in (("en", "Maria"), ("es", "María")):
        message = shown(harbor, kind, language)
        assert message.subject
        assert "Harbor Day Center" in " ".join(message.text.split())
        assert kind.startswith("companion") or name in message.text
        assert CLINICAL.search(message.text) is None
        assert shown(harbor, kind, language, Channel.CALL).kept
    assert everything() == before


def test_a_preview_reads_like_the_message_that_the_ledger_wrote_for_a_real_patient(harbor: Clinic) -> None:
    person = make_patient(harbor.site, cleared=True, given_name="Maria", family_name="Sample", email="x@example.org")
    book(harbor, person, first_day=FIRST_DAY + timedelta(days=14))
    as_sent = letters.preview(Message.objects.get(patient=person, kind=Kind.BOOKED))
    with sample.taken_back():
        as_shown = sample.preview(harbor.site, Kind.BOOKED, "en", version=harbor.induction)

    def shape(one: Rendered) -> list[str]:
        return [line for line in one.text.splitlines() if line and not line.startswith("- ")]

    assert as_sent.subject == as_shown.subject
    assert shape(as_sent) == shape(as_shown)


def test_two_previews_at_the_same_time_do_not_stand_in_each_other_s_way(harbor: Clinic) -> None:
    with sample.taken_back():
        # In one transaction, since what would make another wait is what would be refused here.
        one, other = (sample.written(harbor.site, Kind.REMINDER, language) for language in ("en", "es"))
        assert one.patient != other.patient


def test_own_words_stand_beside_the_standard_ones_in_mail_call_and_html(harbor: Clinic) -> None:
    standard = shown(harbor, Kind.REMINDER)
    say(
        harbor,
        Kind.REMINDER,
        subject="{clinic}: see you on {day}",
        opening="We look forward to {time} on {day}.",
        closing="Park behind the house.\n\nAsk for {name} at the door.",
    )
    message = shown(harbor, Kind.REMINDER)
    assert message.subject.startswith("Harbor Day Center: see you on ")
    for said in ("We look forward to 8 a.m. on", "Park behind the house.", "Ask for Maria at the door."):
        assert said in " ".join(message.text.split())
        assert said in " ".join(message.html.split())
        assert said in " ".join(shown(harbor, Kind.REMINDER, channel=Channel.CALL).kept.split())
    for line in standard.text.split("\n\n"):
        assert " ".join(line.split()) in " ".join(message.text.split()), "nothing that must be said is lost"


def test_words_for_every_message_come_with_each_and_in_their_language_only(harbor: Clinic) -> None:
    say(harbor, "", closing="Park behind the house.")
    assert "Park behind the house." in shown(harbor, Kind.MOVED).text
    assert "Park behind the house." in shown(harbor, Kind.NEWS).text
    assert "Park behind the house." not in shown(harbor, Kind.MOVED, "es").text


def test_what_cannot_be_filled_is_left_out_rather_than_sent_with_a_hole(harbor: Clinic) -> None:
    SiteWording.objects.create(site=harbor.site, kind=Kind.NEWS, language="en", opening="See you on {day}.")
    assert "See you" not in shown(harbor, Kind.NEWS).text
    assert "{" not in shown(harbor, Kind.NEWS).text


def test_a_placeholder_that_stands_for_nothing_is_refused_with_those_that_do(harbor: Clinic) -> None:
    with pytest.raises(Refused, match=r"\{dose\} stands for nothing here. You can use \{clinic\}"):
        say(harbor, Kind.REMINDER, opening="Your {dose} is ready")
    with pytest.raises(Refused, match="stands for nothing"):
        say(harbor, Kind.NEWS, opening="See you on {day}")
    assert complaint("Bring {", Kind.REMINDER).startswith("A curly bracket")
    assert complaint("{ day } at {time}", Kind.REMINDER) == ""
    assert not SiteWording.objects.exists()


def test_empty_words_take_the_standard_back(harbor: Clinic) -> None:
    standard = shown(harbor, Kind.TODAY).text
    say(harbor, Kind.TODAY, opening="Hurry.")
    assert shown(harbor, Kind.TODAY).text != standard
    say(harbor, Kind.TODAY, opening="", subject="", closing="")
    assert shown(harbor, Kind.TODAY).text == standard


def test_the_page_shows_what_is_typed_before_it_is_saved(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:wording", args=[harbor.site.pk, Kind.REMINDER])
    before = everything()
    typed = {"en_opening": "Bring a friend.", "es_subject": "Hasta pronto"}
    page = manager.post(address, typed | {"look": "1"})
    assert page.status_code == 200
    shown = {one.language: one for one in page.context["previews"]}
    assert "Bring a friend." in shown["en"].mail.text
    assert shown["es"].mail.subject == "Hasta pronto"
    part = manager.post(address, typed | {"look": "1"}, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    frame = manager.post(reverse("setup:wording_mail", args=[harbor.site.pk, Kind.REMINDER, "en"]), typed)
    assert "Bring a friend." in frame.content.decode()
    assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert everything() == before


def test_words_that_say_the_treatment_have_to_be_meant_so(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:wording", args=[harbor.site.pk, Kind.REMINDER])
    typed = {"en_opening": "Your ketamine infusion is near."}
    page = manager.post(address, typed)
    assert page.status_code == 422
    assert "“ketamine”, “infusion”: other people may see these words" in text(page)
    assert "Your ketamine infusion is near." in page.content.decode(), "nothing typed is lost"
    assert not SiteWording.objects.exists()
    assert manager.post(address, typed | {"meant_so": "on"}).status_code == 302
    assert SiteWording.objects.get().opening == typed["en_opening"]


def test_the_demo_clinic_says_nothing_telling() -> None:
    from scheduling.demo.protocols import CONSULT_TEXTS, TEXTS

    said = [words for texts in (TEXTS, CONSULT_TEXTS) for one in texts.values() for words in one.values()]
    assert telling_words(*said, "Harborside Practice", "Mesa Grove Practice") == []
    assert telling_words("Ketamine and Pain Clinic", "Tratamiento") == ["Ketamine", "Pain", "Tratamiento"]


def test_the_second_of_two_managers_is_told_who_changed_it(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:wording", args=[harbor.site.pk, Kind.REMINDER])
    seen = manager.get(address).context["form"]["seen"].value()
    say(harbor, Kind.REMINDER, opening="First.")
    page = manager.post(address, {"en_opening": "Second.", "seen": seen})
    assert page.status_code == 422
    assert "Mona Reyes changed" in text(page)
    assert "Second." in page.content.decode()
    assert SiteWording.objects.get().opening == "First."
    again = page.context["form"]["seen"].value()
    assert manager.post(address, {"en_opening": "Second.", "seen": again}).status_code == 302
    assert SiteWording.objects.get().opening == "Second."


def test_words_for_another_message_saved_meanwhile_stand_in_nobody_s_way(manager: Client, harbor: Clinic) -> None:
    address = reverse("setup:wording", args=[harbor.site.pk, Kind.REMINDER])
    seen = manager.get(address).context["form"]["seen"].value()
    say(harbor, Kind.TODAY, opening="Theirs.")
    assert manager.post(address, {"en_opening": "Mine.", "seen": seen}).status_code == 302
    say(harbor, Kind.REMINDER, opening="", subject="", closing="")
    assert manager.post(address, {"en_opening": "Mine.", "seen": seen}).status_code == 422, "taken back is a change too"
