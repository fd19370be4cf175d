"""A doctor adds a passkey, and signs in with it: alone, and where the password came first. Chromium holds the key."""

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clinic.models import AuditEvent, User
from tests.browser.people import PASSWORD, open_clinic, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
#: One that stands in the telephone or the computer itself and asks for a finger, which is always given.
KEY = {
    **{"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True},
    **{"isUserVerified": True, "automaticPresenceSimulation": True},
}


def sign_out(page: Page) -> None:
    """To the sign-in page."""
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url("**/accounts/login/**")


def test_a_passkey_is_added_and_signs_in_by_itself_and_beside_the_password(
    browser: Browser, live_server: LiveServer, settings: Any
) -> None:
    # Given a doctor where a second factor is required, with a key that the browser holds
    clinic = open_clinic(settings, live_server.url)
    settings.SECOND_FACTOR_REQUIRED = True
    page = sign_in(browser, live_server.url, clinic.doctor)
    keys = page.context.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    keys.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.goto(reverse("desk:patients"))
    expect(page).to_have_url(f"{live_server.url}{reverse('mfa_index')}")

    # When the passkey is added
    page.goto(reverse("mfa_add_webauthn"))
    if "reauthenticate" in page.url:
        page.get_by_label("Password").fill(PASSWORD)
        page.locator("main button[type=submit]").click()
    page.get_by_label("Name").fill("Telephone")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()

    # Then there are recovery codes, it is on the trail, and the pages open
    page.wait_for_url(f"**{reverse('mfa_view_recovery_codes')}")
    assert AuditEvent.objects.filter(table="mfa_authenticator", operation="insert").exists()
    page.goto(reverse("desk:patients"))
    expect(page).to_have_url(f"{live_server.url}{reverse('desk:patients')}")

    # And it signs in by itself
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)

    # And as the second factor behind the password, without which no page opens
    sign_out(page)
    assert isinstance(clinic.doctor.user, User)
    page.get_by_label("Username").fill(clinic.doctor.user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{reverse('mfa_authenticate')}")
    page.goto(reverse("desk:patients"))
    expect(page).not_to_have_url(f"{live_server.url}{reverse('desk:patients')}")
    page.goto(reverse("mfa_authenticate"))
    page.get_by_role("button", name="Use a security key").click()
    page.wait_for_url(lambda url: "/accounts/" not in url)
