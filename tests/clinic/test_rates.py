"""Which views have a limit, what somebody beyond it reads, and that nobody else is turned away with them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import resolve, reverse

from clinic import rates
from clinic.permissions import Role
from patients.models import Patient
from scheduling.messages import links
from scheduling.models import Link
from scheduling.portal import limits
from tests import factories
from tests.portal.conftest import open_link
from tests.test_sweep import addresses, clinics, person, signed_in

__all__ = ["clinics"]
#: What costs much: searches, plans, files in and out.
COSTLY = {
    "desk:patients": rates.SEARCHES,
    "desk:patient_merge": rates.SEARCHES,
    "desk:patient_import": rates.FILES_IN,
    "desk:patient_consent": rates.FILES_IN,
    "desk:consent_scan": rates.FILES_IN,
    "desk:consent_document": rates.FILES_OUT,
    "desk:emergency": rates.EMERGENCIES,
    "desk:book_series": rates.SEARCHES,
    "desk:book_consult": rates.SEARCHES,
    "desk:book_single": rates.SEARCHES,
    "desk:board_free": rates.SEARCHES,
    "desk:move": rates.SEARCHES,
    "desk:move_along": rates.SEARCHES,
    "desk:move_rest": rates.SEARCHES,
    "desk:rest": rates.SEARCHES,
    "desk:course": rates.SEARCHES,
    "desk:drop": rates.SEARCHES,
    "desk:finish": rates.SEARCHES,
    "desk:rescue": rates.SEARCHES,
    "desk:earlier_time": rates.SEARCHES,
    "nurse:make_up": rates.SEARCHES,
    "doctor:boosters": rates.SEARCHES,
    "doctor:letter": rates.FILES_OUT,
    "doctor:clearance_letter": rates.FILES_OUT,
    "setup:reports": rates.SEARCHES,
    "setup:report_file": rates.FILES_OUT,
    "setup:trail": rates.SEARCHES,
    "setup:trail_csv": rates.FILES_OUT,
}


@pytest.fixture(autouse=True)
def _nobody_counted() -> None:
    cache.clear()


@pytest.fixture
def used_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From here on every counted thing was done as often as it may be."""

    def use_up() -> None:
        monkeypatch.setattr(rates, "count", lambda key, limit: limit.most + 1)

    return use_up


def test_every_view_that_costs_much_has_its_limit_and_each_limit_is_named_here() -> None:
    found = {one.name: getattr(one.view, "limit", None) for one in addresses()}

    assert {name: limit for name, limit in found.items() if limit is not None} == COSTLY


@pytest.mark.parametrize("name", ["desk:patients", "setup:trail", "setup:trail_csv"])
def test_who_asks_too_often_reads_when_to_come_back_and_a_colleague_is_served(
    clinics: tuple[factories.Clinic, factories.Clinic], name: str
) -> None:
    busy, colleague = (person(clinic, Role.MANAGER) for clinic in clinics)
    assert busy.user is not None
    client, limit = signed_in(busy), COSTLY[name]

    assert client.get(reverse(name)).status_code == 200, "as long as the limit is not reached"
    view: Any = resolve(reverse(name)).func
    for _ in range(limit.most):
        rates.count(f"view:{view.__module__}.{view.__name__}:{busy.user.pk}", limit)
    answer = client.get(reverse(name))

    assert answer.status_code == 429
    assert answer["Retry-After"] == "600"
    assert "try again in 10 minutes" in answer.content.decode()
    assert signed_in(colleague).get(reverse(name)).status_code == 200


def test_a_part_of_a_page_says_it_in_its_place(
    clinics: tuple[factories.Clinic, factories.Clinic], used_up: Callable[[], None]
) -> None:
    client = signed_in(person(clinics[0], Role.FRONT_DESK))
    used_up()
    answer = client.get(reverse("desk:patients"), {"q": "qu"}, headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert answer.status_code == 429
    assert "very often" in page
    assert "<html" not in page


def test_an_upload_beyond_the_limit_is_not_read_and_looking_at_the_page_is_not_counted(
    clinics: tuple[factories.Clinic, factories.Clinic], used_up: Callable[[], None]
) -> None:
    here, _there = clinics
    client = signed_in(person(here, Role.FRONT_DESK))
    form = {"site": str(here.site.pk), "bundles": SimpleUploadedFile("one.json", b"{}")}
    assert client.post(reverse("desk:patient_import"), form).status_code == 302, "within the limit it is read"

    used_up()
    before = Patient.objects.count()
    answer = client.post(
        reverse("desk:patient_import"), {"site": str(here.site.pk), "bundles": SimpleUploadedFile("one.json", b"{}")}
    )

    assert answer.status_code == 429
    assert "Nothing was done" in answer.content.decode()
    assert Patient.objects.count() == before
    assert client.get(reverse("desk:patient_import")).status_code == 200


def test_who_looks_at_pages_behind_a_link_too_often_is_told_so(
    clinics: tuple[factories.Clinic, factories.Clinic], monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = factories.make_patient(clinics[0].site)
    client = Client()
    open_link(client, links.issue(patient=patient, purpose=Link.Purpose.PATIENT))
    monkeypatch.setattr(limits, "PAGES", 2)

    answers = [client.get("/my/", follow=True) for _ in range(3)]

    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert "Please wait a little" in answers[-1].content.decode()
