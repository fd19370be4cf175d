"""A mail scanner that opens every link and follows every anchor changes nothing (promise 7)."""

import re

from django.test import Client

from clinic.actor import Actor
from patients.models import Contact, Patient
from scheduling.actions import rides
from scheduling.messages import links
from scheduling.models import Appointment, Link
from tests.portal.conftest import path_of
from tests.snapshot import everything

HREF = re.compile(r'(?:href|action|src)="([^"]+)"')


def crawl(client: Client, start: str) -> set[str]:
    """GET `start` and whatever its pages point to, anchors and form addresses alike; returns the paths that answered
    200.
    """
    waiting, seen, good = [start], set(), set()
    while waiting:
        path = waiting.pop()
        if path in seen or path.startswith(("tel:", "mailto:", "http", "#", "/static/")):
            continue
        seen.add(path)
        response = client.get(path)
        if response.status_code in {301, 302}:
            waiting.append(response["Location"])
        if response.status_code == 200:
            good.add(path)
            waiting += HREF.findall(response.content.decode(errors="replace").replace("&amp;", "&"))
    return good


def test_a_scanner_that_follows_everything_changes_nothing(
    ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    rides.name_companion(by=Actor("patient", str(ada.pk), ada.name), appointments=visits[:2], companion=ben)
    starts = [
        path_of(links.issue(patient=ada, purpose=Link.Purpose.PATIENT)),
        path_of(links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben)),
    ]
    before = everything()

    patients_pages, companions_pages = (crawl(Client(), start) for start in starts)

    assert "/my/" in patients_pages
    assert any(path.startswith("/my/driver/") for path in patients_pages)
    assert "/my/" in companions_pages
    assert everything() == before


def test_the_harness_sees_a_change(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    before = everything()

    rides.name_companion(by=Actor("patient", str(ada.pk), ada.name), appointments=visits[:1], companion=ben)

    assert everything() != before
