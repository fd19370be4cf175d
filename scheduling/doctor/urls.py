"""Addresses of the doctor's screens."""

from django.urls import path

from scheduling.doctor import boosters, clearances, flag_codes, home, letter, questionnaire, scores

urlpatterns = [
    path("", home.home, name="home"),
    path("clearances/<uuid:pk>/", clearances.clearance, name="clearance"),
    path("clearances/<uuid:pk>/letter/", clearances.letter, name="clearance_letter"),
    path("boosters/<uuid:pk>/", boosters.boosters, name="boosters"),
    path("changes/<uuid:pk>/seen/", home.seen, name="change_seen"),
    path("questionnaire/", questionnaire.questionnaire, name="questionnaire"),
    path("boosters/<uuid:pk>/letter/", letter.letter, name="letter"),
    path("scores/<uuid:pk>/", scores.scores, name="scores"),
    path("scores/<uuid:pk>/tablet/<str:measure>/", scores.tablet, name="tablet"),
    path("treatments/<uuid:treatment>/end/", scores.end, name="end_treatment"),
    path("alerts/<uuid:alert>/", scores.alert, name="alert"),
    path("flag-codes/", flag_codes.flag_codes, name="flag_codes"),
]
