"""What a visit takes a share of: chairs, beds, monitors, and the people who work here."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from clinic.models.site import Site, Weekday
from clinic.models.user import User
from clinic.permissions import Role


class ResourceKind(models.TextChoices):
    """What a resource is. A person is STAFF whatever the roles: one body cannot be in two places."""

    RECLINER = "recliner", _("recliner")
    BED = "bed", _("bed")
    MONITOR = "monitor", _("monitor")
    STAFF = "staff", _("staff member")


#: The kinds that a patient sits or lies on.
CHAIRS = (ResourceKind.RECLINER, ResourceKind.BED)


class ResourceQuerySet(models.QuerySet["Resource"]):
    """Resources by what they are for."""

    def chairs(self) -> "ResourceQuerySet":
        """Recliners and beds in use."""
        return self.filter(kind__in=CHAIRS, is_active=True)

    def for_user(self, user: User) -> "ResourceQuerySet":
        """Chairs and monitors of the user's sites, and the staff who work at any of them."""
        sites = Site.objects.for_user(user)
        return self.filter(Q(site__in=sites) | Q(staff_member__sites__in=sites)).distinct()


class Resource(models.Model):
    """Something with `capacity` units that holds take, units [0, capacity).

    A chair, bed or monitor has one unit. A person has unit 0, the hands, and for a nurse units 1..N, the patients she
    may watch at once.
    """

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(unique=True, default=uuid4, editable=False)
    site = models.ForeignKey(Site, models.PROTECT, null=True, blank=True, related_name="resources")
    kind = models.CharField(_("kind"), max_length=10, choices=ResourceKind.choices)
    name = models.CharField(_("name"), max_length=80)
    capacity = models.PositiveSmallIntegerField(_("units"), default=1)
    position = models.PositiveSmallIntegerField(_("place in lists"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(capacity__gte=1, capacity__lte=64), name="resource_capacity_in_range"),
            models.CheckConstraint(
                condition=Q(kind=ResourceKind.STAFF, site__isnull=True)
                | (~Q(kind=ResourceKind.STAFF) & Q(site__isnull=False)),
                name="resource_at_a_site_unless_staff",
            ),
            models.CheckConstraint(
                condition=Q(kind=ResourceKind.STAFF) | Q(capacity=1), name="resource_only_staff_have_many_units"
            ),
            # The other half of the foreign key (resource, capacity) of scheduling's holds.
            models.UniqueConstraint("id", "capacity", name="resource_id_capacity"),
            models.UniqueConstraint("site", "name", name="resource_name_once_per_site"),
        ]

    def __str__(self) -> str:
        return self.name


class StaffMemberQuerySet(models.QuerySet["StaffMember"]):
    """Staff, narrowed to who asks and to what they do."""

    def for_user(self, user: User) -> "StaffMemberQuerySet":
        """Those who share a site with the user."""
        return self.filter(sites__in=Site.objects.for_user(user)).distinct()

    def with_role(self, role: Role) -> "StaffMemberQuerySet":
        """Those in use who hold `role`."""
        return self.filter(is_active=True, role_rows__role=role)


class StaffMember(models.Model):
    """A person who works here (FHIR Practitioner), with one or more roles, at one or more sites."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    user = models.OneToOneField(User, models.PROTECT, null=True, blank=True, related_name="staff_member")
    resource = models.OneToOneField(Resource, models.PROTECT, related_name="staff_member")
    name = models.CharField(_("name"), max_length=120)
    sites = models.ManyToManyField(Site, related_name="staff")
    #: Minutes to get from one of the sites to another.
    travel_minutes = models.PositiveSmallIntegerField(_("travel between sites, in minutes"), default=60)
    is_active = models.BooleanField(_("works here"), default=True)

    objects = StaffMemberQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def watch_limit(self) -> int:
        """How many patients she may watch at once; 0 for somebody who watches nobody."""
        return self.resource.capacity - 1


class StaffRole(models.Model):
    """One role that a staff member holds."""

    staff_member = models.ForeignKey(StaffMember, models.CASCADE, related_name="role_rows")
    role = models.CharField(_("role"), max_length=12, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint("staff_member", "role", name="staff_role_once")]

    def __str__(self) -> str:
        return self.get_role_display()


class Shift(models.Model):
    """A weekly stretch in which a staff member works at a site (FHIR Schedule), in local time; a lunch break makes
    two rows."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    staff_member = models.ForeignKey(StaffMember, models.CASCADE, related_name="shifts")
    site = models.ForeignKey(Site, models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))
    valid_from = models.DateField(_("first day"))
    #: The last day on which the shift holds; empty while it has no end.
    valid_until = models.DateField(_("last day"), null=True, blank=True)

    class Meta:
        ordering = ["staff_member", "weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="shift_in_order"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="shift_weekday"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")), name="shift_dates_in_order"
            ),
        ]
        indexes = [models.Index(fields=["site", "weekday"])]

    def __str__(self) -> str:
        return f"{self.staff_member}, {self.get_weekday_display()} {self.starts:%H:%M}-{self.ends:%H:%M}"


class ShiftException(models.Model):
    """One date on which a staff member's weekly shifts at a site are replaced: by other hours, or by none (`starts`
    empty)."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    staff_member = models.ForeignKey(StaffMember, models.CASCADE, related_name="shift_exceptions")
    site = models.ForeignKey(Site, models.CASCADE, related_name="shift_exceptions")
    date = models.DateField(_("date"))
    starts = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        ordering = ["date", "starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True) | Q(starts__lt=F("ends")),
                name="shift_exception_in_order",
            ),
        ]
        indexes = [models.Index(fields=["site", "date"])]

    def __str__(self) -> str:
        return f"{self.staff_member}, {self.date}"
