"""Addresses of the nurse's screens."""

from django.urls import path

from scheduling.nurse import afterwards, chair_views, change, make_up, orders, shifting, views

urlpatterns = [
    path("", views.home, name="home"),
    path("changes/", views.changes, name="changes"),
    path("in-the-way/<uuid:site>/", shifting.hits, name="hits"),
    path("<uuid:pk>/", views.visit, name="visit"),
    path("<uuid:pk>/afterwards/", afterwards.afterwards, name="afterwards"),
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
    path("<uuid:pk>/reading/", chair_views.reading, name="reading"),
    path("<uuid:pk>/dose/", chair_views.dose, name="dose"),
    path("<uuid:pk>/effects/", chair_views.effects, name="effects"),
    path("<uuid:pk>/event/", chair_views.event, name="event"),
    path("<uuid:pk>/told/", chair_views.told, name="told"),
    path("<uuid:pk>/pause/", chair_views.pause, name="pause"),
    path("<uuid:pk>/resume/", chair_views.resume, name="resume"),
    path("<uuid:pk>/place/", chair_views.place, name="place"),
    path("<uuid:pk>/ask/", chair_views.ask, name="ask"),
    path("<uuid:pk>/no-longer-asked/", chair_views.unask, name="unask"),
    path("<uuid:pk>/answer/", chair_views.answer, name="answer"),
    path("<uuid:pk>/change/", change.change, name="change"),
    path("<uuid:pk>/order/", orders.order, name="order"),
    path("<uuid:pk>/shift/", shifting.shift, name="shift"),
]
