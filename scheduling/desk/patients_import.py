"""Importing patients from files that are uploaded."""

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.actor import Actor
from clinic.models import Site, User
from clinic.permissions import Permission
from clinic.rates import FILES_IN, limited
from clinic.views import StaffRequest, needs
from patients.fhir.files import BIGGEST, FileResult, Totals, import_bytes
from patients.models import Patient
from scheduling.desk.patients_forms import ImportForm
from scheduling.desk.sites import sites_of

#: Where the results wait for the page that shows them: record ids only, no names.
RESULTS = "import_results"


@require_http_methods(["GET", "POST"])
@needs(Permission.IMPORT_PATIENTS)
@limited(FILES_IN, "POST")
def import_files(request: StaffRequest) -> HttpResponse:
    """Take FHIR bundles; then show what became of each file."""
    sites = sites_of(request.user)
    if not sites:
        return render(request, "desk/no_site.html")
    form = ImportForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        sites=sites,
    )
    if request.method == "POST" and form.is_valid():
        by, site = Actor.of(request.user), form.cleaned_data["site"]
        request.session[RESULTS] = _as_session([_import(upload, by, site) for upload in form.uploads()])
        return redirect("desk:patient_import")
    done = request.session.get(RESULTS)
    context = {"form": form, "done": _from_session(request.user, done) if done else None}
    return render(request, "desk/patients/import.html", context, status=form.status)


def _import(upload: UploadedFile[Any], by: Actor, site: Site) -> FileResult:
    name = "".join(character for character in upload.name or "file" if character.isprintable())[:200]
    if (upload.size or 0) > BIGGEST:
        return FileResult(name, refused=f"The file is larger than {BIGGEST // 2**20} MB.")
    return import_bytes(upload.read(), name, by=by, site=site)


def _as_session(results: list[FileResult]) -> dict[str, Any]:
    totals = Totals()
    for result in results:
        totals.add(result)
    files = [
        {
            "name": result.name,
            "refused": result.refused,
            "notes": result.notes,
            "people": [[str(one.patient.pk), one.outcome.value] for one in result.imported],
        }
        for result in results
    ]
    return {"files": files, "totals": str(totals)}


def _from_session(user: User, done: dict[str, Any]) -> dict[str, Any]:
    """The results with the patients themselves, as far as the user may see them."""
    ids = [pk for file in done["files"] for pk, _outcome in file["people"]]
    found = {str(patient.pk): patient for patient in Patient.objects.for_user(user).filter(pk__in=ids)}
    files = [
        file | {"people": [(found[pk], outcome) for pk, outcome in file["people"] if pk in found]}
        for file in done["files"]
    ]
    return {"files": files, "totals": done["totals"]}
