"""Addresses of the work, one package of screens per person who uses them."""

from django.urls import include, path

urlpatterns = [
    path("", include("scheduling.desk.urls")),
    path("patients/", include("scheduling.desk.patient_urls")),
    path("messages/", include("scheduling.desk.message_urls")),
    path("visits/", include("scheduling.nurse.urls")),
    path("doctor/", include("scheduling.doctor.urls")),
    path("my/", include("scheduling.portal.urls")),
]
