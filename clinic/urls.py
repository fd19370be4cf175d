"""All addresses of the project."""

from django.urls import include, path

from clinic.health import healthz, readyz
from clinic.metrics import metrics

handler400 = "scheduling.portal.errors.bad_request"
handler403 = "scheduling.portal.errors.not_allowed"
handler404 = "scheduling.portal.errors.not_found"
handler500 = "scheduling.portal.errors.broken"
urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("accounts/", include("clinic.account_urls")),
    path("", include("scheduling.urls")),
]
