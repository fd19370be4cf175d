"""Asking for a consult on the web: anybody may, no program gets through, and nothing typed is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from clinic import clock
from clinic.models import AuditEvent
from clinic.permissions import Role
from patients.models import ConsultRequest
from scheduling.models import Message
from scheduling.portal import limits
from scheduling.portal.consult_forms import stamp
from scheduling.selectors.requests import waiting_consult_requests
from tests import factories

URL = "/consult/harbor-day-center/"
SAID = {
    "name": "  Nora   Field ",
    "phone": "518-555-0144",
    "email": "",
    "complaint": "Pain all over for six years.",
    "tried": "Duloxetine, physical therapy",
    "best_times": "mornings",
    "website": "",
}


def form_of(seconds_ago: float = 60) -> dict[str, Any]:
    """What a browser sends whose page was handed out that long ago."""
    with clock.at_moment(factories.NOW - timedelta(seconds=seconds_ago)):
        return {**SAID, "stamp": stamp()}


def test_a_request_waits_on_the_desks_list_with_all_that_was_said(client: Client, clinic: factories.Clinic) -> None:
    page = client.get(URL)
    answer = client.post(URL, form_of())

    assert page.status_code == 200
    assert "Harbor Day Center" in page.content.decode()
    assert "911" in page.content.decode(), "the emergency number stands on the form"
    assert answer["Location"] == f"{URL}thanks/?lang=en"
    asked = waiting_consult_requests(clinic.clerk.user).get()  # type: ignore[arg-type]
    assert (asked.name, asked.phone, asked.site) == ("Nora Field", "+15185550144", clinic.site)
    assert (asked.complaint, asked.tried) == (SAID["complaint"], SAID["tried"])
    assert (asked.best_times, asked.created_at) == ("mornings", factories.NOW)
    assert not Message.objects.exists(), "nobody is written to: the address may be a stranger's"
    trail = AuditEvent.objects.get(table="patients_consultrequest")
    assert (trail.actor_kind, trail.action) == ("visitor", "ask_for_consult")


def test_it_needs_no_script_and_speaks_spanish(client: Client, clinic: factories.Clinic) -> None:
    page = client.get(f"{URL}?lang=es").content.decode()
    by_browser = client.get(URL, headers={"accept-language": "es-MX,es"}).content.decode()
    answer = client.post(f"{URL}?lang=es", {**form_of(), "phone": "12"})

    assert "Pedir una consulta" in page
    assert "Pedir una consulta" in by_browser
    assert "no es un número de teléfono" in answer.content.decode()
    client.post(f"{URL}?lang=es", form_of())
    assert ConsultRequest.objects.get().language == "es"


def test_without_a_way_to_answer_it_comes_back_filled_in(client: Client, clinic: factories.Clinic) -> None:
    answer = client.post(URL, {**form_of(), "phone": ""})

    assert answer.status_code == 422
    assert "so that we can answer you" in answer.content.decode()
    assert "Duloxetine, physical therapy" in answer.content.decode()
    assert not ConsultRequest.objects.exists()


def test_the_same_form_sent_twice_asks_once(client: Client, clinic: factories.Clinic) -> None:
    sent = form_of()

    first, second = client.post(URL, sent), client.post(URL, sent)

    assert first.status_code == second.status_code == 302
    assert ConsultRequest.objects.count() == 1


def test_a_program_that_fills_every_field_is_caught_and_a_person_is_told_what_to_do(
    client: Client, clinic: factories.Clinic
) -> None:
    page = client.get(URL).content.decode()
    answer = client.post(URL, {**form_of(), "website": "https://spam.example"})

    assert 'class="field visually-hidden" aria-hidden="true"' in page
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "Empty it, and send the form once more." in shown
    assert "visually-hidden" not in shown.split("id_website")[0].rsplit("<div", 1)[1], "what is to be emptied is seen"
    assert not ConsultRequest.objects.exists()


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (lambda: form_of(1), "That was very quick."),
        (lambda: form_of(13 * 3600), "open for too long"),
        (lambda: {**SAID, "stamp": "forged"}, "open for too long"),
        (lambda: SAID, "open for too long"),
    ],
    ids=["too quick", "too old", "forged", "without a stamp"],
)
def test_only_a_form_that_the_clinic_handed_out_to_a_person_is_taken(
    client: Client, clinic: factories.Clinic, sent: Any, sentence: str
) -> None:
    answer = client.post(URL, sent())

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not ConsultRequest.objects.exists()


def test_a_form_that_was_open_for_too_long_is_taken_when_sent_once_more(
    client: Client, clinic: factories.Clinic
) -> None:
    back = client.post(URL, form_of(13 * 3600))
    again = client.post(URL, {**SAID, "stamp": back.context["form"]["stamp"].value()})

    assert again.status_code == 302
    assert ConsultRequest.objects.count() == 1


def test_one_address_cannot_send_without_end(client: Client, clinic: factories.Clinic) -> None:
    answers = [client.post(URL, form_of()).status_code for _knock in range(limits.CONSULTS + 1)]
    late = client.post(URL, form_of())

    assert answers[:-1] == [302] * limits.CONSULTS
    assert answers[-1] == late.status_code == 429
    assert "Please wait ten minutes, or call us." in late.content.decode()
    assert SAID["complaint"] in late.content.decode(), "what was typed is kept"
    assert ConsultRequest.objects.count() == limits.CONSULTS


def test_an_address_that_fits_no_clinic_shows_where_one_can_ask(client: Client, clinic: factories.Clinic) -> None:
    one = client.get("/consult/")
    factories.make_clinic(name="Mesa")
    lost = client.get("/consult/no-such-clinic/")
    several = client.get("/consult/")

    assert one["Location"] == URL, "with one clinic there is nothing to choose"
    assert lost.status_code == 404
    for page in (lost, several):
        assert 'href="/consult/harbor-day-center/"' in page.content.decode()
        assert 'href="/consult/mesa-day-center/"' in page.content.decode()


def test_two_clinics_of_one_name_are_told_apart_by_their_city(client: Client, clinic: factories.Clinic) -> None:
    other = factories.make_clinic(name="Second").site
    other.neutral_name, other.city = clinic.site.neutral_name, "Troy"
    other.save()

    client.post("/consult/harbor-day-center-troy/", form_of())

    assert ConsultRequest.objects.get().site == other


def test_what_it_is_about_is_shown_to_those_alone_who_may_read_it(client: Client, clinic: factories.Clinic) -> None:
    client.post(URL, form_of())
    address = f"/book/asked/{ConsultRequest.objects.get().pk}/"

    client.force_login(clinic.clerk.user)  # type: ignore[arg-type]
    at_the_desk = client.get(address).content.decode()
    client.force_login(clinic.by(Role.DOCTOR).user)  # type: ignore[arg-type]
    at_the_doctor = client.get(address).content.decode()

    assert "Pain all over" not in at_the_desk
    assert "Pain all over" in at_the_doctor


def test_the_manager_reads_the_address_on_the_page_of_the_site(client: Client, clinic: factories.Clinic) -> None:
    client.force_login(clinic.manager.user)  # type: ignore[arg-type]

    page = client.get(f"/clinic/sites/{clinic.site.pk}/")

    assert f"{settings.PUBLIC_URL}{URL}" in page.content.decode()
