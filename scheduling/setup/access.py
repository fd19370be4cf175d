"""Who may do what: the one table of roles and permissions that the program uses; records opened in an emergency."""

from http import HTTPStatus
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import F
from django.db.models.lookups import IsNull
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import ROLE_PERMISSIONS, Permission, Role
from clinic.views import StaffRequest, needs
from patients.actions.emergency import review_emergency
from patients.models import EmergencyAccess
from scheduling.selectors import trail

#: Rows of the page: older ones are on the audit trail.
SHOWN = 100


@require_safe
@needs(Permission.VIEW_SCHEDULE)
def table(request: StaffRequest) -> HttpResponse:
    """Roles by permissions, for everybody who works here; `mine` are the roles of who looks."""
    rows = [(one, [one in ROLE_PERMISSIONS[role] for role in Role]) for one in Permission]
    context = {"roles": list(Role), "rows": rows, "mine": request.user.roles}
    return render(request, "setup/access.html", context)


class ReviewForm(forms.Form):
    """What came of it."""

    review = forms.CharField(max_length=1000, required=False)


@require_safe
@needs(Permission.VIEW_AUDIT)
def emergencies(request: StaffRequest) -> HttpResponse:
    """Records opened in an emergency, those that nobody has looked at first."""
    return _page(request)


def _page(request: StaffRequest, refused: str = "", typed: str = "", about: UUID | None = None) -> HttpResponse:
    found = EmergencyAccess.objects.for_user(request.user).select_related("user", "patient", "reviewed_by")
    context = {
        "rows": found.order_by(IsNull(F("reviewed_at"), True).desc(), "-opened_at")[:SHOWN],
        "zone": trail.zone_of(request.user),
        "refused": refused,
        "typed": typed,
        "about": about,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "setup/emergencies.html", context, status=status)


@require_POST
@needs(Permission.VIEW_AUDIT)
def review(request: StaffRequest, access: UUID) -> HttpResponse:
    """A manager has looked at one."""
    found = get_object_or_404(EmergencyAccess.objects.for_user(request.user), pk=access)
    form = ReviewForm(request.POST)
    typed = form.cleaned_data["review"] if form.is_valid() else request.POST.get("review", "")[:1000]
    try:
        review_emergency(by=Actor.of(request.user), access=found, review=typed)
    except Refused as error:
        return _page(request, error.message, typed, found.pk)
    messages.success(request, "Kept. It is off the list of what waits.")
    return redirect("setup:emergencies")
