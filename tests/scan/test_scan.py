"""What the scanners are given to try, and that the clinic forgets what they did."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from clinic.models import Heartbeat
from tests.factories import NOW
from tests.scan.forms import forms_of
from tests.scan.settings import WORD, forgetting

PAGE = """
<form method="post" action="/visits/0f0e0d0c-0b0a-4909-8807-060504030201/order/">
  <input type="hidden" name="csrfmiddlewaretoken" value="t"><input name="drug"><input type="number" name="dose">
  <select name="unit"><option value="">-</option><option value="mg">mg</option>
    <option value="g" selected>g</option></select>
  <select name="route"><option value="">-</option><option value="iv">iv</option></select>
  <input type="radio" name="side" value="left"><input type="radio" name="side" value="right" checked>
  <input name="step-0-days" value="1"><input name="step-1-days" value="2"><textarea name="note"></textarea>
  <input type="file" name="scan"><button name="save" value="1">Save</button>
</form>
<form><input name="q"></form><form method="post"></form>
"""


def test_a_form_is_filled_in_with_what_its_fields_could_hold() -> None:
    order, search = forms_of("http://clinic.example/patients/", PAGE)

    assert (order.method, order.view) == ("POST", "nurse:order")
    filled = dict(order.fields)
    assert (filled["drug"], filled["dose"], filled["unit"], filled["route"]) == ("Maren", "2", "g", "iv")
    assert (filled["side"], filled["note"], filled["save"]) == ("right", "half a sentence", "1")
    assert "scan" not in filled
    assert (search.method, search.action, search.data) == ("GET", "http://clinic.example/patients/", "q=Maren")


def test_of_rows_alike_the_first_is_tried_and_the_token_never() -> None:
    order = forms_of("http://clinic.example/", PAGE)[0]

    assert order.asked == ["drug", "dose", "unit", "route", "side", "step-0-days", "note", "save"]


def test_the_same_form_about_another_visit_is_of_the_same_kind() -> None:
    other = PAGE.replace("0f0e0d0c", "ffffffff")
    assert forms_of("http://clinic.example/", PAGE)[0].kind == forms_of("http://clinic.example/", other)[0].kind


@pytest.mark.parametrize(("headers", "is_kept"), [({WORD: "1"}, False), ({}, True)])
def test_what_a_scanner_wrote_is_forgotten_and_what_others_wrote_is_not(
    db: None, headers: dict[str, str], is_kept: bool
) -> None:
    def write(request: HttpRequest) -> HttpResponse:
        Heartbeat.objects.create(name="scanned", at=NOW)
        return HttpResponse()

    forgetting(write)(RequestFactory().post("/", headers=headers))
    assert Heartbeat.objects.filter(name="scanned").exists() is is_kept
