"""Addresses of the nurse's screens."""

from django.urls import path

from scheduling.nurse import make_up, views

urlpatterns = [
    path("", views.home, name="home"),
    path("<uuid:pk>/", views.visit, name="visit"),
    path("<uuid:pk>/arrived/", views.arrived, name="arrived"),
    path("<uuid:pk>/not-arrived/", views.not_arrived, name="not_arrived"),
    path("<uuid:pk>/did-not-come/", views.did_not_come, name="did_not_come"),
    path("<uuid:pk>/companion/", views.companion, name="companion"),
    path("<uuid:pk>/waiver/", views.waiver, name="waiver"),
    path("<uuid:pk>/start/", views.start, name="start"),
    path("<uuid:pk>/recovery/", views.recovery, name="recovery"),
    path("<uuid:pk>/discharge/", views.discharge, name="discharge"),
    path("<uuid:pk>/make-up/", make_up.make_up, name="make_up"),
    path("<uuid:pk>/end/", views.end, name="end"),
]
