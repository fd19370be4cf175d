"""Asking for a consult on the web: open to everybody, under the site's neutral name."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.public_names import public_names
from clinic.views import public, refuse
from patients.actions import ask_for_consult
from patients.models import Language
from scheduling.portal import limits
from scheduling.portal.answers import sealed
from scheduling.portal.consult_forms import ConsultRequestForm


def _language(request: HttpRequest) -> str:
    """The language asked for in the address, else the browser's."""
    chosen = request.GET.get("lang", "")
    spoken = chosen if chosen in Language.values else (translation.get_language() or "")[:2]
    return spoken if spoken in Language.values else Language.ENGLISH.value


@public
@require_safe
def sites(request: HttpRequest) -> HttpResponse:
    """Which of the clinics; with only one, its own page at once."""
    found = public_names()
    if len(found) == 1:
        return redirect("public:ask", next(iter(found)))
    return _choose(request, found, HTTPStatus.OK)


def _choose(request: HttpRequest, found: dict[str, Site], status: HTTPStatus) -> HttpResponse:
    """The list of clinics; an address that no longer fits any comes here too."""
    with translation.override(_language(request)):
        return sealed(render(request, "portal/consult_sites.html", {"found": found.items()}, status=status))


@public
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, clinic: str) -> HttpResponse:
    """The form; a POST that a person can have written becomes a request on the desk's list."""
    found = public_names()
    site = found.get(clinic)
    if site is None:
        return _choose(request, found, HTTPStatus.NOT_FOUND)
    language = _language(request)
    with translation.override(language):
        form = ConsultRequestForm(request.POST if request.method == "POST" else None)
        if request.method == "POST":
            if limits.over_limit(request, "consults", limits.CONSULTS):
                form.add_error(None, _too_many())
                return _page(request, site, clinic, form, language, HTTPStatus.TOO_MANY_REQUESTS)
            if form.is_valid() and _asked(form, site, language):
                answer = redirect("public:thanks", clinic)
                answer["Location"] += f"?lang={language}"
                return sealed(answer)
        return _page(request, site, clinic, form, language, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else None)


def _too_many() -> str:
    return _("Too many forms came from your network in a few minutes. Please wait ten minutes, or call us.")


def _asked(form: ConsultRequestForm, site: Site, language: str) -> bool:
    """Whether the request was taken down; why not is on the form."""
    if form.key is None:
        return False
    said = {name: value for name, value in form.cleaned_data.items() if name not in {"website", "stamp"}}
    try:
        by = Actor("visitor", "", said["name"])
        ask_for_consult(by=by, site=site, key=form.key, language=language, **said)
    except Refused as error:
        refuse(form, error)
        return False
    return True


def _page(
    request: HttpRequest, site: Site, clinic: str, form: ConsultRequestForm, language: str, status: HTTPStatus | None
) -> HttpResponse:
    context = {"site": site, "clinic": clinic, "form": form, "language": language}
    return sealed(render(request, "portal/consult.html", context, status=status))


@public
@require_safe
def thanks(request: HttpRequest, clinic: str) -> HttpResponse:
    """What happens next."""
    found = public_names()
    site = found.get(clinic)
    if site is None:
        return _choose(request, found, HTTPStatus.NOT_FOUND)
    with translation.override(_language(request)):
        return sealed(render(request, "portal/consult_thanks.html", {"site": site}))
