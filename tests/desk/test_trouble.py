"""Pages for trouble speak in words, and pages stay light."""

import gzip
import re
from pathlib import Path
from typing import NoReturn

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from patients.models import Patient
from scheduling.desk import home
from tests.desk.pages import series_url, text, wishes
from tests.factories import FIRST_DAY, Clinic

#: The most that a page may weigh with everything it loads, compressed, in bytes (the design's section 7).
HEAVIEST = 150_000


def test_a_wrong_address_says_that_nothing_was_changed(clerk: Client) -> None:
    page = clerk.get("/no-such-page/")
    assert page.status_code == 404
    assert "There is no such page" in text(page)
    assert "Nothing was changed" in text(page)


def test_a_form_that_was_open_too_long_says_what_to_do(harbor: Clinic) -> None:
    page = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "finn", "password": "x"})
    assert page.status_code == 403
    assert "The form was open too long" in text(page)
    assert "Go back, reload the page and send it again" in text(page)


def test_a_fault_of_ours_is_owned_in_words(clerk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*_args: object) -> NoReturn:
        raise RuntimeError("a test's fault")

    monkeypatch.setattr(home, "work_list", break_down)
    clerk.raise_request_exception = False
    page = clerk.get(reverse("desk:work"))
    assert page.status_code == 500
    assert "Something broke on our side" in text(page)
    assert "a test's fault" not in text(page)


def test_signing_up_is_closed_in_words(client: Client, db: None) -> None:
    assert "Accounts are made by the clinic" in text(client.get("/accounts/signup/"))


def test_pages_with_all_that_they_load_stay_light(clerk: Client, harbor: Clinic, patient: Patient) -> None:
    addresses = [
        reverse("desk:work"),
        reverse("desk:board", args=[harbor.site.pk, FIRST_DAY]),
        reverse("desk:book_consult", args=[patient.pk]),
        reverse("desk:patient", args=[patient.pk]),
    ]
    pages = [clerk.get(address).content for address in addresses]
    pages.append(clerk.get(series_url(patient), wishes(harbor)).content)
    for page in pages:
        names = re.findall(r'(?:src|href)="/static/([^"]+)"', page.decode())
        files = [Path(str(finders.find(name))).read_bytes() for name in names]
        assert len(files) >= 5
        assert sum(len(gzip.compress(part)) for part in [page, *files]) < HEAVIEST
