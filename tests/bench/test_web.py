"""The signed-in browser of the bench."""

import pytest
from django.conf import settings
from django.test import Client

from scheduling.bench.web import session_of, trivial_path
from tests.factories import make_clinic

pytestmark = pytest.mark.django_db


def test_the_session_of_the_bench_is_signed_in() -> None:
    clerk = make_clinic().clerk.user
    assert clerk is not None
    browser = Client()
    assert browser.get(trivial_path()).status_code == 302, "the control: nobody is signed in"
    browser.cookies[settings.SESSION_COOKIE_NAME] = session_of(clerk)
    assert browser.get(trivial_path()).status_code == 200
