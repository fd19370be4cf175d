"""What each request needs around it: an origin for the audit trail, and no copies of pages that show people."""

from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from structlog.contextvars import bound_contextvars

from clinic import unsent
from clinic.actor import origin
from clinic.errors import Elsewhere


class RequestContextMiddleware:
    """Names the request (for logs and the trail), and forbids caching of everything that is not a static file."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request inside its context."""
        name = uuid4().hex[:12]
        request.name_in_logs = name  # type: ignore[attr-defined]  # for what is logged after the answer (clinic.logs)
        token = origin.set(f"web {request.META.get('REMOTE_ADDR', '')} {name}")
        try:
            with bound_contextvars(request_id=name):
                response = self.get_response(request)
        finally:
            origin.reset(token)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers["X-Request-ID"] = name
        return response


class PatientLocaleMiddleware(LocaleMiddleware):
    """The browser's language on the pages for patients and companions; staff pages are written in English only.

    Without it a browser set to Spanish would get Spanish labels inside English pages.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Choose the language by whom the address is for."""
        if request.path_info.startswith(settings.PATIENT_PATHS):
            super().process_request(request)
        else:
            translation.activate(settings.LANGUAGE_CODE)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Leave the thread in the clinic's own language: what it does next is nobody's page."""
        answered = super().process_response(request, response)
        translation.activate(settings.LANGUAGE_CODE)
        return answered


class ElsewhereMiddleware:
    """Leads on to the record that another became part of, with all that was typed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do unless a view finds that its record is elsewhere."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The same page of the new record; what was sent waits there, unsent."""
        return unsent.lead_on(request, exception) if isinstance(exception, Elsewhere) else None
