"""Every test of this folder happens on one quiet Monday morning (tests.factories.NOW)."""

from collections.abc import Iterator

import pytest

from clinic import clock
from tests.factories import NOW


@pytest.fixture(autouse=True)
def _monday_morning() -> Iterator[None]:
    with clock.at_moment(NOW):
        yield
