"""Whose language a page speaks."""

import pytest
from django.test import Client

SPANISH = {"Accept-Language": "es-MX,es;q=0.9"}


@pytest.mark.django_db
def test_staff_pages_stay_in_english_whatever_the_browser_asks_for(client: Client) -> None:
    page = client.get("/accounts/login/", headers=SPANISH).content.decode()
    assert "Password" in page
    assert "Contraseña" not in page


@pytest.mark.django_db
def test_pages_behind_links_speak_the_language_that_the_browser_asks_for(client: Client) -> None:
    page = client.get("/my/", headers=SPANISH).content.decode()
    assert 'lang="es"' in page
