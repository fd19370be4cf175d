"""Which tables support sees, and which of their columns: what keeps running, and neither who a patient is nor what for.

Left out on purpose: names and addresses of patients, texts of messages, findings, scores, answers, notes, reasons, how
a visit ended, what a protocol is called beside a patient's key, passwords, secrets and digests of links.
"""

import re

from django.contrib.admin import RelatedOnlyFieldListFilter, display
from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.accounts import second_factors
from clinic.models import Closure, Heartbeat, Resource, Shift, Site, StaffMember, User
from scheduling.models import Appointment, Message, Offer, Protocol, Series
from scheduling.support.site import Rows, SupportSite

site = SupportSite(name="support")
_BY_SITE = ("site", RelatedOnlyFieldListFilter)
#: What servers repeat in their answers: mail addresses and telephone numbers. Codes such as 550 5.1.1 are shorter.
_NAMED = re.compile(r"\S+@\S+|\+\d[\d\s().-]{5,}\d|\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}|\d{7,}")


class Sites(Rows[Site]):
    """Where the clinic works."""

    list_display = ("name", "time_zone", "country", "is_active")
    fields = (
        *("id", "name", "neutral_name", "time_zone", "country", "state", "observes_holidays", "holiday_region"),
        *("open_holidays", "send_from", "send_until", "notice_hours", "uncleared_hold_days", "driver_notice_hours"),
        *("offer_minutes", "offers_boosters", "patients_move", "proposed_months", "is_active"),
    )
    ordering = ("name",)


class Resources(Rows[Resource]):
    """Chairs, monitors, and people as the planner counts them."""

    list_display = ("name", "kind", "site", "capacity", "is_active")
    list_filter = ("kind", "is_active", _BY_SITE)
    list_select_related = ("site",)
    fields = ("id", "public_id", "name", "kind", "site", "capacity", "position", "is_active")
    search_fields = ("name",)
    ordering = ("name", "id")


class People(Rows[StaffMember]):
    """Who works here."""

    list_display = ("name", "is_active", "watch_limit", "travel_minutes")
    list_filter = ("is_active",)
    list_select_related = ("resource",)
    fields = ("id", "name", "user", "resource", "roles", "at", "watch_limit", "travel_minutes", "is_active")
    search_fields = ("name",)
    ordering = ("name", "id")

    @display(description="roles")
    def roles(self, row: StaffMember) -> str:
        """In words."""
        return ", ".join(str(role) for role in row.role_rows.all())

    @display(description="sites")
    def at(self, row: StaffMember) -> str:
        """Those that are in use."""
        return ", ".join(row.sites.filter(is_active=True).values_list("name", flat=True))


class Accounts(Rows[User]):
    """Sign-ins. Neither the password's digest nor a second factor's secret."""

    list_display = ("username", "is_active", "has_second_factor", "last_login", "invited_at")
    list_filter = ("is_active",)
    fields = (
        *("id", "username", "first_name", "last_name", "email", "is_active", "has_second_factor"),
        *("last_login", "date_joined", "invited_at"),
    )
    search_fields = ("username",)
    ordering = ("username",)

    def of(self, user: User) -> QuerySet[User]:
        """Of colleagues."""
        return User.objects.filter(staff_member__in=StaffMember.objects.for_user(user)).annotate(
            second_factor=Exists(second_factors().filter(user=OuterRef("pk")))
        )

    @display(description="second factor", boolean=True)
    def has_second_factor(self, row: User) -> bool:
        """Whether there is one."""
        return bool(getattr(row, "second_factor", False))


class Shifts(Rows[Shift]):
    """Who works when."""

    list_display = ("staff_member", "site", "weekday", "starts", "ends", "valid_from", "valid_until")
    list_filter = ("weekday", _BY_SITE)
    list_select_related = ("staff_member", "site")
    fields = ("id", *list_display)
    search_fields = ("staff_member__name",)
    ordering = ("staff_member__name", "weekday", "starts", "id")

    def of(self, user: User) -> QuerySet[Shift]:
        """At the user's sites."""
        return Shift.objects.filter(site__in=Site.objects.for_user(user))


class Closures(Rows[Closure]):
    """When a site, a chair or somebody is out; not why."""

    list_display = ("starts", "ends", "site", "resource")
    list_select_related = ("site", "resource")
    fields = ("id", *list_display)
    ordering = ("-starts", "id")

    def of(self, user: User) -> QuerySet[Closure]:
        """Of the user's sites, their chairs and their people."""
        return Closure.objects.filter(
            Q(site__in=Site.objects.for_user(user)) | Q(resource__in=Resource.objects.for_user(user))
        )


class Protocols(Rows[Protocol]):
    """What the clinic offers; nothing that a patient is told."""

    list_display = ("name", "kind", "is_active")
    list_filter = ("kind", "is_active")
    fields = ("id", "name", "kind", "is_follow_up", "is_active", "versions")
    ordering = ("name",)

    @display(description="versions")
    def versions(self, row: Protocol) -> str:
        """Number, visits and phases, the newest first."""
        found = row.versions.prefetch_related("phases").order_by("-number")
        return "\n".join(
            f"{one.number}{' (current)' if one.is_current else ''}: {one.sessions} visits, "
            + ", ".join(str(phase) for phase in one.phases.all())
            for one in found
        )


class Visits(Rows[Appointment]):
    """When, where, and how far; not whose, how it ended, or why."""

    list_display = ("short_key", "site", "kind", "status", "starts", "ends", "version")
    list_filter = ("status", "kind", _BY_SITE)
    list_select_related = ("site",)
    fields = ("id", *list_display[1:], "series_id", "patient_id", "number", "mode", "pinned", "created_at", "held")
    search_fields = ("id__exact",)
    ordering = ("-starts", "id")

    @display(description="holds")
    def held(self, row: Appointment) -> str:
        """Which units of what are taken for it, cell by cell."""
        return "\n".join(
            f"{hold.resource}: cells {hold.start_cell} to {hold.end_cell}, units {hold.first_unit} to {hold.end_unit}"
            for hold in row.holds.select_related("resource").order_by("start_cell", "id")
        )


class Courses(Rows[Series]):
    """How far a series is; not of what, nor why it ended."""

    list_display = ("short_key", "site", "status", "stage", "sessions", "version", "created_at")
    list_filter = ("status", "stage", _BY_SITE)
    list_select_related = ("site",)
    fields = ("id", *list_display[1:], "patient_id", "first_day", "held_until", "ended_at")
    search_fields = ("id__exact",)
    ordering = ("-created_at", "id")


class Offers(Rows[Offer]):
    """Time that is held for somebody's yes."""

    list_display = ("short_key", "site", "kind", "status", "expires_at", "created_at")
    list_filter = ("status", "kind", _BY_SITE)
    list_select_related = ("site",)
    fields = ("id", *list_display[1:], "patient_id")
    search_fields = ("id__exact",)
    ordering = ("-expires_at", "id")


class Messages(Rows[Message]):
    """The queue: what is due, was sent, or failed; neither to whom nor what it says."""

    list_display = ("short_key", "site", "kind", "channel", "state", "due_at", "attempts")
    list_filter = ("state", "channel", "kind", "recipient", _BY_SITE)
    list_select_related = ("site",)
    fields = (
        *("id", *list_display[1:], "recipient", "language", "patient_id", "appointment_id", "series_id"),
        *("consult_request_id", "sent_at", "version", "not_after", "lease_by", "lease_until", "message_id"),
        *("carried_by_id", "outcome", "call_after", "tries", "server_said", "created_at"),
    )
    search_fields = ("id__exact", "message_id__exact")
    ordering = ("-due_at", "id")

    @display(description="tries")
    def tries(self, row: Message) -> str:
        """When, by which worker, and what came of it."""
        return "\n".join(
            f"{one.at:%Y-%m-%d %H:%M:%S}Z {one.worker}: {one.get_result_display()}" for one in row.attempt_rows.all()
        )

    @display(description="the server said last")
    def server_said(self, row: Message) -> str:
        """Without the addresses that servers repeat."""
        return _NAMED.sub("…", row.last_error)


class Heartbeats(Rows[Heartbeat]):
    """When each process in the background was heard of last."""

    only_list = True
    list_display = ("name", "at")
    list_display_links = None
    ordering = ("name",)

    def of(self, user: User) -> QuerySet[Heartbeat]:
        """All: they belong to no site."""
        return Heartbeat.objects.all()


site.register(Site, Sites)
site.register(Resource, Resources)
site.register(StaffMember, People)
site.register(User, Accounts)
site.register(Shift, Shifts)
site.register(Closure, Closures)
site.register(Protocol, Protocols)
site.register(Appointment, Visits)
site.register(Series, Courses)
site.register(Offer, Offers)
site.register(Message, Messages)
site.register(Heartbeat, Heartbeats)
