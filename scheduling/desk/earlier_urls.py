"""Addresses of the earlier-time list."""

from django.urls import path

from scheduling.desk import earlier

urlpatterns = [
    path("earlier/", earlier.earlier, name="earlier"),
    path("earlier/<uuid:site>/<int:cell>/", earlier.earlier_time, name="earlier_time"),
    path("earlier/wishes/<uuid:pk>/end/", earlier.earlier_end, name="earlier_end"),
    path("earlier/offers/<uuid:pk>/", earlier.earlier_offer, name="earlier_offer"),
    path("earlier/offers/<uuid:pk>/take-back/", earlier.earlier_take_back, name="earlier_take_back"),
    path("earlier/answers/<uuid:pk>/", earlier.earlier_answer, name="earlier_answer"),
    path("appointments/<uuid:pk>/earlier/", earlier.earlier_wish, name="earlier_wish"),
]
