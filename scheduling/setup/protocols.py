"""Protocols: the list, one with its drawing and its versions, and the page on which one is written."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import clock
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from scheduling.actions.setup import protocols as verbs
from scheduling.demo.protocols import COURSES
from scheduling.models import Appointment, Protocol, ProtocolVersion, Series
from scheduling.selectors import changes
from scheduling.setup import scope, starting_points
from scheduling.setup.drawing import Drawing, draw
from scheduling.setup.ladder import lines_of
from scheduling.setup.protocol_editor import Editor, empty_draft
from scheduling.setup.protocol_preview import Told, told_by, told_by_draft

#: So many running series are named; the rest are counted.
NAMED = 20


@require_safe
@needs(Permission.MANAGE_CLINIC)
def protocols(request: StaffRequest) -> HttpResponse:
    """All protocols, drawn, with how much runs on each."""
    found = (
        scope.protocols(request.user)
        .prefetch_related("sites", "versions__phases__needs")
        .annotate(
            running=Count("versions__series", filter=Q(versions__series__status__in=Series.RUNNING), distinct=True)
        )
        .order_by("-is_active", "kind", "name")
    )
    rows = []
    for protocol in found:
        current = next((version for version in protocol.versions.all() if version.is_current), None)
        rows.append({"protocol": protocol, "version": current, "drawing": _drawing(current)})
    return render(request, "setup/protocols.html", {"rows": rows})


def _drawing(version: ProtocolVersion | None) -> Drawing | None:
    return draw(verbs.drafts_of(version.phases.all()), version.turnover_minutes) if version is not None else None


@require_safe
@needs(Permission.MANAGE_CLINIC)
def protocol(request: StaffRequest, protocol: UUID) -> HttpResponse:
    """One protocol: what its current version says, and what runs on which version."""
    return _protocol_page(request, scope.protocol_or_404(request.user, protocol))


@require_POST
@needs(Permission.MANAGE_CLINIC)
def told(request: StaffRequest, protocol: UUID) -> HttpResponse:
    """What its current version tells patients. The sample messages are written and taken back, so not by a GET."""
    one = scope.protocol_or_404(request.user, protocol)
    current = one.versions.filter(is_current=True).select_related("protocol").first()
    found = told_by(current, _sites(request)) if current is not None else []
    if request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        return render(request, "setup/_told.html", {"told": found})
    return _protocol_page(request, one, found)


def _protocol_page(request: StaffRequest, one: Protocol, told: Sequence[Told] = ()) -> HttpResponse:
    versions = list(
        one.versions.select_related("created_by")
        .annotate(
            running=_counted(Series.objects.running()),
            ahead=_counted(Appointment.objects.blocking().filter(starts__gt=clock.now())),
        )
        .prefetch_related("phases__needs", "texts", "ladder")
        .order_by("-number")
    )
    current = next((version for version in versions if version.is_current), None)
    sites = _sites(request)
    running = Series.objects.running().filter(protocol_version__protocol=one, site__in=sites)
    context = {
        "protocol": one,
        "versions": versions,
        "current": current,
        "drawing": _drawing(current),
        "has_series": one.kind == Protocol.Kind.INFUSION,
        "running": running.select_related("patient", "site", "protocol_version").order_by(
            "protocol_version__number", "created_at"
        )[:NAMED],
        "running_count": running.count(),
        "lists": _lists(current),
        "ladder": lines_of(current) if current is not None else [],
        "told": told,
        "zone": next((site.zone for site in sites), None),
    }
    return render(request, "setup/protocol.html", context)


def _counted(rows: QuerySet[Any]) -> Coalesce:
    """How many of `rows` are of the version at hand. Each kind is counted apart: joined together, the thousands of
    both would multiply.
    """
    theirs = rows.filter(protocol_version=OuterRef("pk")).order_by().values("protocol_version")
    return Coalesce(Subquery(theirs.annotate(number=Count("pk")).values("number")), 0)


def _lists(version: ProtocolVersion | None) -> list[tuple[Any, str]]:
    if version is None or version.protocol.kind != Protocol.Kind.INFUSION:
        return []
    return [(version.checkin_list, "Asked at check-in"), (version.fitness_list, "Fit to leave")]


def _sites(request: StaffRequest) -> list[Site]:
    return list(scope.managed_sites(request.user).filter(is_active=True))


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def new(request: StaffRequest) -> HttpResponse:
    """Write a new protocol, from nothing, from a usual one, or from one of the clinic's own (GET `from`)."""
    sites = _sites(request)
    if not sites:
        messages.info(request, "Add a site first; protocols are offered at sites.")
        return redirect("setup:site_new")
    kind, name, start = _start(request)
    editor = Editor(request.POST if request.method == "POST" else None, sites=sites, kind=kind, start=start, name=name)
    if _asks_to_save(request) and editor.is_valid():
        about = editor.about.cleaned_data
        try:
            version = verbs.add_protocol(
                by=Actor.of(request.user),
                name=about["name"],
                kind=about["kind"],
                sites=list(about["sites"]),
                draft=editor.draft,
            )
        except Refused as error:
            editor.refuse(error)
        else:
            messages.success(request, f"{version.protocol} is added.")
            return redirect("setup:protocol", version.protocol_id)
    return _page(request, editor)


def _start(request: StaffRequest) -> tuple[str, str, verbs.Draft]:
    """Kind, name and content to begin with."""
    chosen = request.GET.get("from", "")
    usual = next((course for course in COURSES if course.name == chosen), None)
    if usual is not None:
        return usual.kind, usual.name, starting_points.draft_of(usual)
    own = next((one for one in scope.protocols(request.user) if str(one.pk) == chosen), None)
    current = own.versions.filter(is_current=True).first() if own is not None else None
    if own is not None and current is not None:
        return own.kind, f"{own.name} (copy)", verbs.draft_of(current)
    kind = request.GET.get("kind") or request.POST.get("kind") or Protocol.Kind.INFUSION
    kind = kind if kind in Protocol.Kind.values else Protocol.Kind.INFUSION
    return kind, "", empty_draft()


@require_http_methods(["GET", "POST"])
@needs(Permission.MANAGE_CLINIC)
def edit(request: StaffRequest, protocol: UUID) -> HttpResponse:
    """Change a protocol; what is booked keeps its version."""
    one = scope.protocol_or_404(request.user, protocol)
    sites = _sites(request)
    current = one.versions.filter(is_current=True).first()
    start = verbs.draft_of(current) if current is not None else empty_draft()
    editor = Editor(
        request.POST if request.method == "POST" else None,
        sites=sites,
        kind=one.kind,
        start=start,
        protocol=one,
        seen=changes.mark(changes.protocol(one)),
    )
    if _asks_to_save(request) and editor.is_valid():
        about = editor.about.cleaned_data
        try:
            version = verbs.change_protocol(
                by=Actor.of(request.user),
                protocol=one,
                name=about["name"],
                sites=list(about["sites"]),
                is_active=about["is_active"],
                draft=editor.draft,
                sites_in_view=sites,
                seen=editor.version.cleaned_data.get("seen"),
            )
        except Refused as error:
            editor.refuse(error)
        else:
            messages.success(request, _said(current, version))
            return redirect("setup:protocol", one.pk)
    return _page(request, editor, protocol=one, current=current, in_use=current is not None and verbs.in_use(current))


def _said(before: ProtocolVersion | None, after: ProtocolVersion) -> str:
    if before is not None and before.number != after.number:
        return f"Saved as version {after.number}. What is booked keeps version {before.number}."
    return "Saved."


def _asks_to_save(request: StaffRequest) -> bool:
    """A post may also only ask for the drawing."""
    return request.method == "POST" and "look" not in request.POST


def _page(request: StaffRequest, editor: Editor, **more: Any) -> HttpResponse:
    looking = "look" in request.POST
    if looking and request.htmx:  # type: ignore[attr-defined]  # set by django_htmx's middleware
        return render(request, "setup/_drawing.html", {"drawing": editor.drawing})
    context = {
        "editor": editor,
        "usual": COURSES,
        "own": scope.protocols(request.user).filter(is_active=True).order_by("name"),
        "has_series": editor.kind == Protocol.Kind.INFUSION,
        "told": told_by_draft(editor.draft, editor.kind, _sites(request)) if looking and editor.is_valid() else [],
        **more,
    }
    return render(request, "setup/protocol_edit.html", context, status=200 if looking else editor.status)
