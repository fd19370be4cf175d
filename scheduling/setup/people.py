"""Staff: the list, one person, and the link with which a person chooses a password."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import invitations
from clinic.accounts import second_factors
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import StaffMember
from clinic.permissions import Permission, Role
from clinic.views import StaffRequest, needs
from scheduling.actions.setup import people as verbs
from scheduling.selectors import changes
from scheduling.setup import scope
from scheduling.setup.people_forms import PersonForm
from scheduling.setup.saving import saves


@require_safe
@needs(Permission.MANAGE_CLINIC)
def people(request: StaffRequest) -> HttpResponse:
    """Everybody who works here, and who left."""
    found = scope.staff(request.user).prefetch_related("role_rows", "sites").order_by("-is_active", "name")
    return render(request, "setup/people.html", {"people": found})


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def new(request: StaffRequest) -> HttpResponse:
    """Add somebody."""
    sites = list(scope.managed_sites(request.user).filter(is_active=True))
    if not sites:
        messages.info(request, "Add a site first; people work at sites.")
        return redirect("setup:site_new")
    form = PersonForm(request.POST if request.method == "POST" else None, sites=sites)
    made: list[StaffMember] = []
    if saves(request, form, lambda: made.append(verbs.add_person(by=Actor.of(request.user), values=form.values))):
        messages.success(request, f"{made[0]} is added. {_next(made[0])}")
        return redirect("setup:person", made[0].pk)
    return render(request, "setup/person.html", {"form": form}, status=form.status)


def _next(member: StaffMember) -> str:
    treats = member.role_rows.filter(role__in=[Role.NURSE, Role.DOCTOR]).exists()
    said = "Next: the weekly shifts." if treats else ""
    return said + (" Make a link with which the person chooses a password." if member.user_id else "")


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def person(request: StaffRequest, member: UUID) -> HttpResponse:
    """One person."""
    one = scope.member_or_404(request.user, member)
    sites = list(scope.managed_sites(request.user))
    form = PersonForm(
        request.POST if request.method == "POST" else None,
        sites=sites,
        member=one,
        seen=changes.mark(changes.person(one)),
    )

    def save() -> None:
        verbs.change_person(
            by=Actor.of(request.user), member=one, values=form.values, sites_in_view=sites, **form.consent
        )

    if saves(request, form, save):
        messages.success(request, "Saved.")
        return redirect("setup:person", one.pk)
    return _page(request, one, form)


def _page(request: StaffRequest, one: StaffMember, form: PersonForm, **more: object) -> HttpResponse:
    context = {
        "member": one,
        "form": form,
        "sites": one.sites.filter(pk__in=scope.managed_sites(request.user)),
        "factors": second_factors().filter(user=one.user_id).count() if one.user_id else 0,
        "days_valid": settings.PASSWORD_RESET_TIMEOUT // 86400,
        **more,
    }
    return render(request, "setup/person.html", context, status=form.status)


@require_POST
@needs(Permission.MANAGE_CLINIC)
def link(request: StaffRequest, member: UUID) -> HttpResponse:
    """Make the link; send it by mail (`by`), or show it, this once."""
    one = scope.member_or_404(request.user, member)
    try:
        token = verbs.make_sign_in_link(by=Actor.of(request.user), member=one)
    except Refused as error:
        messages.error(request, error.message)
        return redirect("setup:person", one.pk)
    one = scope.member_or_404(request.user, member)
    assert one.user is not None  # noqa: S101 -- the action refuses a person without a sign-in
    if request.POST.get("by") == "mail" and one.user.email:
        if invitations.send(one.user, token):
            messages.success(request, f"Sent to {one.user.email}. The link works once, for some days.")
            return redirect("setup:person", one.pk)
        messages.error(request, "The mail could not be sent. Hand the link over yourself; it is below.")
    url = invitations.link_for(one.user, token)
    sites = list(scope.managed_sites(request.user))
    return _page(request, one, PersonForm(sites=sites, member=one, seen=changes.mark(changes.person(one))), link=url)


@require_POST
@needs(Permission.MANAGE_CLINIC)
def forget_factors(request: StaffRequest, member: UUID) -> HttpResponse:
    """The telephone or the key is lost: only the password counts until another one is added."""
    one = scope.member_or_404(request.user, member)
    verbs.forget_second_factors(by=Actor.of(request.user), member=one)
    messages.success(request, f"{one} signs in with the password alone, and is asked to add a second factor.")
    return redirect("setup:person", one.pk)
