"""Addresses of single visits, and of what patients ask for."""

from django.urls import path

from scheduling.desk import booking_requests, booking_single, booster_answers

urlpatterns = [
    path("book/visit/<uuid:patient>/", booking_single.single, name="book_single"),
    path("book/walk-in/<uuid:patient>/", booking_single.walk_in, name="walk_in"),
    path("book/past/<uuid:patient>/", booking_single.past, name="past_visit"),
    path("boosters/offered/<uuid:proposed>/", booster_answers.booster_answer, name="booster_answer"),
    path("boosters/new-times/<uuid:new_time>/", booster_answers.confirm_new_time, name="confirm_new_time"),
    path("book/asked/<uuid:pk>/", booking_requests.consult_request, name="consult_request"),
    path("book/asked/visit/<uuid:pk>/", booking_requests.change_request, name="change_request"),
]
