"""The clinic of the desk's tests, and its manager at her screen."""

import pytest
from django.test import Client

from clinic.permissions import Role
from tests.desk.conftest import SignIn, _monday_morning, harbor, patient, signed_in

__all__ = ["_monday_morning", "harbor", "patient", "signed_in"]


@pytest.fixture
def manager(signed_in: SignIn) -> Client:
    """The manager's browser."""
    return signed_in(Role.MANAGER)
