"""A mail scanner that opens every link and follows every anchor changes nothing (promise 7)."""

import re
from copy import copy
from datetime import timedelta

from django.test import Client

from clinic.actor import Actor
from clinic.models import Site
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
    Site.objects.update(patients_move=True)
    mine = path_of(links.issue(patient=ada, purpose=Link.Purpose.PATIENT, visits=visits))
    theirs = path_of(links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben, visits=visits[:2]))
    old = path_of(links.issue(patient=ada, purpose=Link.Purpose.PATIENT, visits=[as_it_was(visits[0])]))
    shut = path_of(links.issue(patient=ada, purpose=Link.Purpose.PATIENT, days=-1))
    before = everything()

    patients_pages, companions_pages = crawl(Client(), mine), crawl(Client(), theirs)
    for start in (old, shut, mine.replace("/my/", "/my/stop/"), "/my/no-such-token/"):
        crawl(Client(), start)

    for part in ("driver", "change", "cancel", "sooner", "birth-date", "contact"):
        assert any(path.startswith(f"/my/{part}/") for path in patients_pages), part
    assert "/my/" in companions_pages
    assert everything() == before


def as_it_was(visit: Appointment) -> Appointment:
    """The visit at another time, as an older message told it."""
    before = copy(visit)
    before.starts, before.version = visit.starts - timedelta(days=1), visit.version + 1
    return before


def test_the_harness_sees_a_change(ada: Patient, ben: Contact, visits: list[Appointment]) -> None:
    before = everything()

    rides.name_companion(by=Actor("patient", str(ada.pk), ada.name), appointments=visits[:1], companion=ben)

    assert everything() != before
