"""Links: random, kept as hashes, bound to a purpose, expiring, revocable."""

import hashlib
from datetime import timedelta

import pytest
from django.conf import settings

from clinic import clock
from patients.models import Patient
from scheduling.messages import ledger, links
from scheduling.messages.delivery import deliver
from scheduling.models import Link, Message
from tests.factories import NOW, Clinic
from tests.messages import world

PATIENT = Link.Purpose.PATIENT


def token_of(url: str) -> str:
    """The last part of the address."""
    return url.rstrip("/").rpartition("/")[2]


def test_a_link_starts_with_the_public_address_and_its_token_has_192_bits(harbor: Clinic, ada: Patient) -> None:
    url = links.issue(patient=ada, purpose=PATIENT)
    assert url.startswith(f"{settings.PUBLIC_URL}/my/")
    assert len(token_of(url)) * 6 >= 192


def test_only_the_hash_of_a_token_is_kept(harbor: Clinic, ada: Patient) -> None:
    token = token_of(links.issue(patient=ada, purpose=PATIENT))
    row = Link.objects.get()
    assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in {str(value) for value in vars(row).values()}


def test_a_link_opens_for_its_own_purpose_only(harbor: Clinic, ada: Patient) -> None:
    token = token_of(links.issue(patient=ada, purpose=PATIENT))
    assert links.find(token, PATIENT) is not None
    assert links.find(token, Link.Purpose.COMPANION) is None
    assert links.find(token + "x", PATIENT) is None


def test_a_link_expires(harbor: Clinic, ada: Patient) -> None:
    token = token_of(links.issue(patient=ada, purpose=PATIENT, days=3))
    with clock.at_moment(NOW + timedelta(days=3) - timedelta(seconds=1)):
        assert links.find(token, PATIENT) is not None
    with clock.at_moment(NOW + timedelta(days=3)):
        assert links.find(token, PATIENT) is None


def test_a_revoked_link_is_shut(harbor: Clinic, ada: Patient) -> None:
    token = token_of(links.issue(patient=ada, purpose=PATIENT))
    assert links.revoke(patient=ada) == 1
    assert links.find(token, PATIENT) is None
    assert links.revoke(patient=ada) == 0


def test_revoking_everything_at_once_is_a_mistake(harbor: Clinic) -> None:
    with pytest.raises(ValueError, match="whose"):
        links.revoke()


def test_each_sending_carries_its_own_link_and_the_ledger_keeps_none(
    harbor: Clinic, ada: Patient, mailoutbox: list[object]
) -> None:
    ledger.announce_booked(world.make_series(harbor, ada))
    deliver()
    (token,) = world.tokens_in(mailoutbox[0].body)  # type: ignore[attr-defined]
    found = links.find(token, PATIENT)
    assert found is not None
    assert found.patient == ada
    row = world.only(kind=Message.Kind.BOOKED)
    assert token not in row.body
    assert "[personal link]" in row.body
    assert world.links_of(row) == 1
