"""Addresses of the doctor's screens."""

from django.urls import path

from scheduling.doctor import boosters, clearances, home

urlpatterns = [
    path("", home.home, name="home"),
    path("clearances/<uuid:pk>/", clearances.clearance, name="clearance"),
    path("boosters/<uuid:pk>/", boosters.boosters, name="boosters"),
    path("flag-codes/", clearances.flag_codes, name="flag_codes"),
]
