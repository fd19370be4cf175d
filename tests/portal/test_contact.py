"""How the patient is reached: by their own choice, and nothing but the essential for who wants that."""

from datetime import date

import pytest
from django.core import mail
from django.test import Client

from patients.models import Contact, Patient
from scheduling.messages import ledger, links
from scheduling.messages.delivery import deliver
from scheduling.models import Appointment, Link, Message
from tests import factories
from tests.desk.pages import text
from tests.messages import world
from tests.portal.conftest import make_driver, open_link, path_of
from tests.scheduling.helpers import book, visits_of

pytestmark = pytest.mark.django_db

URL = "/my/contact/"


def test_the_ways_that_there_are_are_shown_without_the_whole_address(at_ada: Client, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(email="ada.quill@example.org", phone="+15185550143")

    page = text(at_ada.get(URL)).replace("\N{WORD JOINER}", "")

    assert "By email to a…@example.org" in page
    assert "By a call to the number that ends in 43" in page
    assert "ada.quill" not in page
    assert "5550143" not in page
    assert "By letter" not in page


def test_the_choice_is_kept_and_counts_for_messages(at_ada: Client, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(email="ada@example.org", phone="+15185550143", mail_consent=False)

    after = at_ada.post(URL, {"channel": "text", "language": "es"}, follow=True)

    ada.refresh_from_db()
    assert (ada.channel, ada.text_consent, ada.language, ada.essential_only) == ("text", True, "es", True)
    assert ada.mail_consent is False, "only the way that was chosen is agreed to"
    assert "Así le avisaremos a partir de ahora." in text(after)
    version = ada.version
    at_ada.post(URL, {"channel": "text", "language": "es"})
    ada.refresh_from_db()
    assert ada.version == version, "twice is once"


def test_a_way_that_cannot_be_used_is_refused(at_ada: Client, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(email="ada@example.org", phone="")

    response = at_ada.post(URL, {"channel": "text", "language": "en"})

    assert response.status_code == 422
    ada.refresh_from_db()
    assert ada.channel == "mail"


def test_who_wants_only_the_essential_gets_no_early_reminder_and_everything_else(
    clinic: factories.Clinic, ada: Patient, mailoutbox: list[mail.EmailMessage]
) -> None:
    visits_of(book(clinic, ada))
    Patient.objects.filter(pk=ada.pk).update(essential_only=True)
    Message.objects.update(due_at=factories.NOW)

    deliver()

    early = Message.objects.filter(kind=Message.Kind.REMINDER)
    assert {row.skip_reason for row in early} == {"the patient wants only what is essential"}
    sent = set(Message.objects.filter(state=Message.State.SENT).values_list("kind", flat=True))
    assert Message.Kind.BOOKED in sent


def test_unsubscribing_from_the_message_itself(
    client: Client, clinic: factories.Clinic, ada: Patient, mailoutbox: list[mail.EmailMessage]
) -> None:
    ledger.announce_booked(book(clinic, ada))
    deliver()
    (token,) = world.tokens_in(str(mailoutbox[0].body))
    strict = Client(enforce_csrf_checks=True)

    assert "Send me only what is essential" in text(strict.get(f"/my/stop/{token}/"))
    ada.refresh_from_db()
    assert not ada.essential_only, "a look changes nothing"
    for _ in range(2):
        done = strict.post(f"/my/stop/{token}/", {"List-Unsubscribe": "One-Click"})
        assert "Done: we send you only what your visits need." in text(done)
    ada.refresh_from_db()
    assert ada.essential_only
    assert client.post("/my/stop/nonsense/").status_code == 404


def test_a_companion_has_no_such_page(client: Client, ada: Patient, visits: list[Appointment]) -> None:
    ben = make_driver(ada, "Ben Quill", email="ben@example.org")
    url = links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben)
    open_link(client, url)

    assert client.get(URL).status_code == 403
    assert client.post(path_of(url).replace("/my/", "/my/stop/")).status_code == 404


def test_an_address_that_sends_mail_back_is_not_offered(at_ada: Client, ada: Patient) -> None:
    """Choosing it would change nothing: the desk calls until the address is mended."""
    Patient.objects.filter(pk=ada.pk).update(
        email="ada@example.org", phone="+15185550143", email_failed_at=factories.NOW
    )
    assert "By email" not in text(at_ada.get(URL))


def test_who_wanted_no_more_mail_may_want_it_again(at_ada: Client, ada: Patient) -> None:
    Patient.objects.filter(pk=ada.pk).update(
        email="ada@example.org", phone="+15185550143", email_failed_at=factories.NOW, mail_consent=False
    )
    at_ada.post(URL, {"channel": "mail", "language": "en", "extras": "on"})
    ada.refresh_from_db()
    assert ada.reachable_by_mail


def test_a_guardian_who_wanted_no_more_mail_may_want_it_again(at_ada: Client, ada: Patient) -> None:
    guardian = make_driver(
        ada, "Dot Ray", email="dot@example.org", phone="+15185550144", may_decide=True, mail_consent=False
    )
    Contact.objects.filter(pk=guardian.pk).update(email_failed_at=factories.NOW)
    Patient.objects.filter(pk=ada.pk).update(birth_date=date(2015, 4, 5))
    at_ada.post(URL, {"channel": "mail", "language": "en", "extras": "on"})
    guardian.refresh_from_db()
    assert guardian.reachable_by_mail
