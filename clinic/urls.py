"""All addresses of the project."""

from django.urls import include, path

from clinic.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("clinic.account_urls")),
    path("", include("scheduling.urls")),
]
