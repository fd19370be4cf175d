"""Addresses of the doctor's screens."""

from django.urls import path

from scheduling.doctor import boosters, clearances, home, questionnaire

urlpatterns = [
    path("", home.home, name="home"),
    path("clearances/<uuid:pk>/", clearances.clearance, name="clearance"),
    path("clearances/<uuid:pk>/letter/", clearances.letter, name="clearance_letter"),
    path("boosters/<uuid:pk>/", boosters.boosters, name="boosters"),
    path("changes/<uuid:pk>/seen/", home.seen, name="change_seen"),
    path("questionnaire/", questionnaire.questionnaire, name="questionnaire"),
    path("flag-codes/", clearances.flag_codes, name="flag_codes"),
]
