"""A protocol that nobody could ever be booked by is refused, in words and by the database."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from scheduling.models import ProtocolVersion
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def version() -> ProtocolVersion:
    """Six visits, two to five days apart, within 21 days."""
    return make_clinic().induction


def test_gaps_that_cannot_fit_the_window_are_refused_in_words(version: ProtocolVersion) -> None:
    version.window_days = 9
    with pytest.raises(ValidationError, match="The visits do not fit"):
        version.full_clean()


def test_gaps_that_just_fit_the_window_are_taken(version: ProtocolVersion) -> None:
    version.window_days = 10
    version.full_clean()
    version.save()
    assert ProtocolVersion.objects.get(pk=version.pk).window_days == 10


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"window_days": 9}, "protocol_gaps_fit_window"),
        ({"min_gap_days": 6, "window_days": 60}, "protocol_gaps_in_order"),
        ({"min_gap_days": 0}, "protocol_gaps_in_order"),
        ({"ideal_gap_days": "5.50"}, "protocol_ideal_gap_between"),
        ({"sessions": 0}, "protocol_sessions_in_range"),
        ({"sessions": 61, "window_days": 400}, "protocol_sessions_in_range"),
    ],
)
def test_the_database_refuses_what_cannot_be(version: ProtocolVersion, change: dict[str, Any], constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        ProtocolVersion.objects.filter(pk=version.pk).update(**change)
