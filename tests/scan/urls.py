"""The clinic's addresses, and one with two holes, which a scanner that is worth its findings must name."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from clinic.urls import handler400, handler403, handler404, handler500
from clinic.urls import urlpatterns as clinics

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def planted(request: HttpRequest) -> HttpResponse:
    """For whoever is signed in: whether there are patients whose names come after `q`, by a query put together from it;
    and `w`, unescaped.
    """
    if not request.user.is_authenticated:  # a scanner that has lost its cookies finds nothing here
        return redirect("account_login")
    after, word = request.GET.get("q", "M"), request.GET.get("w", "")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM patients_patient WHERE family_name >= '{after}'")
        found = "There are some." if cursor.fetchone() else "There is nobody."
    return HttpResponse(
        "<html><body><form><input name='q' value='M'><input name='w' value='x'><button>Go</button></form>"
        f"<p>{word}</p><p>{found}</p></body></html>"
    )


urlpatterns = [path("planted/", planted, name="planted"), *clinics]
