"""Where one comes from: forms that stand on the work list and on a page of their own name it as `next`."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from clinic.views import StaffRequest

#: What `next` may say, and the page that it means.
HOME = "home"


def back_to(request: StaffRequest, page: str, *args: Any) -> HttpResponse:
    """To the work list where the form stood there, else to `page` (the name of an address that takes `args`)."""
    return redirect("desk:work") if request.POST.get("next") == HOME else redirect(page, *args)
