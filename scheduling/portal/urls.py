"""Addresses of the pages that open from a link. The token's own address comes last: it matches any single word."""

from django.urls import path

from scheduling.portal import (
    booster_views,
    change_views,
    companion_views,
    contact_views,
    earlier_views,
    entry,
    health_views,
    patient_views,
    questionnaire_views,
    screening_views,
    sooner_views,
)

urlpatterns = [
    path("", patient_views.home, name="home"),
    path("driver/", patient_views.driver, name="driver"),
    path("drivers/<uuid:contact>/agreed/", patient_views.agreed, name="agreed"),
    path("change/<uuid:visit>/", change_views.change, name="change"),
    path("change/<uuid:visit>/take/", change_views.take, name="take"),
    path("change/<uuid:visit>/keep/", change_views.keep, name="keep"),
    path("sooner/<uuid:visit>/", sooner_views.sooner, name="sooner"),
    path("sooner/<uuid:visit>/off/", sooner_views.not_sooner, name="not_sooner"),
    path("cancel/<uuid:visit>/", change_views.cancel, name="cancel"),
    path("birth-date/", health_views.birth_date, name="birth_date"),
    path("screening/", screening_views.screening, name="screening"),
    path("handed-back/", screening_views.handed_back, name="handed_back"),
    path("score/", health_views.score, name="score"),
    path("contact/", contact_views.contact, name="contact"),
    path("stop/<str:token>/", contact_views.stop, name="stop"),
    path("dates/<uuid:proposed>/", booster_views.answer_date, name="answer_date"),
    path("new-times/<uuid:new_time>/", booster_views.new_time_suits, name="new_time_suits"),
    path("questionnaires/", questionnaire_views.questionnaires, name="questionnaires"),
    path("questionnaires/<str:measure>/", questionnaire_views.questionnaire, name="questionnaire"),
    path("tablet/", questionnaire_views.tablet, name="tablet"),
    path("dates.ics", patient_views.dates, name="dates"),
    path("earlier/<uuid:invitation>/", earlier_views.earlier, name="earlier"),
    path("answer/", companion_views.answer, name="answer"),
    path("wrong-person/", companion_views.wrong_person, name="wrong_person"),
    path("language/", entry.speak, name="speak"),
    path("leave/", entry.leave, name="leave"),
    path("goodbye/", entry.goodbye, name="goodbye"),
    path("<str:token>/", entry.enter, name="enter"),
]
