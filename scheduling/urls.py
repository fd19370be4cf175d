"""Addresses of the work, one package of screens per person who uses them."""

from django.urls import include, path

from scheduling.desk import booking_urls, earlier_urls, message_urls, patient_urls, rescue_urls
from scheduling.desk import urls as desk_urls
from scheduling.support.tables import site as support

# The desk's addresses lie in several modules and form one namespace.
desk = [
    *desk_urls.urlpatterns,
    *booking_urls.urlpatterns,
    *patient_urls.urlpatterns,
    *message_urls.urlpatterns,
    *rescue_urls.urlpatterns,
    *earlier_urls.urlpatterns,
]

urlpatterns = [
    path("", include((desk, "desk"))),
    path("visits/", include(("scheduling.nurse.urls", "nurse"))),
    path("doctor/", include(("scheduling.doctor.urls", "doctor"))),
    path("clinic/", include(("scheduling.setup.urls", "setup"))),
    path("support/", support.urls),
    path("consult/", include(("scheduling.portal.public_urls", "public"))),
    path("my/", include(("scheduling.portal.urls", "portal"))),
    path("hooks/", include(("scheduling.hooks.urls", "hooks"))),
]
