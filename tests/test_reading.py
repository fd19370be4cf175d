"""That the guard over every GET of the tests (tests/reading.py) sees what it is there for."""

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.test.utils import override_settings
from django.urls import path

from clinic.models import Site
from tests.desk.pages import without_ids
from tests.reading import WrittenWhileReading

pytestmark = pytest.mark.django_db


def writes(request: HttpRequest) -> HttpResponse:
    Site.objects.update(city="Troy")
    return HttpResponse()


def takes_it_back(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        Site.objects.update(city="Troy")
        transaction.set_rollback(True)
    return HttpResponse()


def locks_rows(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        list(Site.objects.select_for_update())
    return HttpResponse()


def takes_a_lock(request: HttpRequest) -> HttpResponse:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(1, 2)")
    return HttpResponse()


def looks(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = "yes"
    return HttpResponse(str(Site.objects.count()))


urlpatterns = [path(f"{view.__name__}/", view) for view in (writes, takes_it_back, locks_rows, takes_a_lock, looks)]


@pytest.mark.parametrize("name", ["writes", "takes_it_back", "locks_rows", "takes_a_lock"])
@override_settings(ROOT_URLCONF="tests.test_reading")
def test_a_get_that_writes_or_locks_is_caught_even_where_it_takes_all_back(name: str) -> None:
    with pytest.raises(WrittenWhileReading):
        Client().get(f"/{name}/")


@override_settings(ROOT_URLCONF="tests.test_reading")
def test_a_post_may_write() -> None:
    assert Client().post("/writes/").status_code == 200


@override_settings(ROOT_URLCONF="tests.test_reading")
def test_looking_and_the_session_are_let_through() -> None:
    assert Client().get("/looks/").status_code == 200


def test_what_is_drawn_by_lot_is_left_out_of_a_page_and_nothing_else() -> None:
    token = "Oz8HbTKtGBS2Zf4jIaxnqxHO6ELJIeoLCT9bweDES2DWovpowYswe51jdtGGF6gf"
    page = f'<a class="btn btn-outline-secondary" href="/visits/96359d00-91e8-41f4-a7e0-09c1811ebc84/">181 {token}</a>'
    assert without_ids(page) == '<a class="btn btn-outline-secondary" href="/visits//">181 </a>'
