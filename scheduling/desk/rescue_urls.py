"""Addresses of what to do when something has happened."""

from django.urls import path

# The desk's own addresses come first: they make known what <day:...> means.
from scheduling.desk import (
    outages,
    rescue,
    urls,  # noqa: F401
)

urlpatterns = [
    path("board/<uuid:site>/<day:day>/happened/", outages.happened, name="happened"),
    path("closures/<uuid:closure>/over/", outages.over, name="outage_over"),
    path("rescue/<uuid:site>/", rescue.without_cover, name="rescue"),
]
