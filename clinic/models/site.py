"""Sites, their opening hours, and closures."""

from datetime import time
from typing import TYPE_CHECKING
from uuid import uuid4
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from clinic.models.user import User


class Weekday(models.IntegerChoices):
    """ISO 8601 weekdays less one, as Python's `date.weekday()` counts them."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


def check_time_zone(name: str) -> None:
    """Raise ValidationError unless `name` is an IANA time zone that this machine knows."""
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is not a time zone; use a name such as America/New_York."), params={"name": name}
        )


class SiteQuerySet(models.QuerySet["Site"]):
    """Sites, narrowed to who asks."""

    def for_user(self, user: "User") -> "SiteQuerySet":
        """The active sites that the staff member works at."""
        return self.filter(is_active=True, staff__user=user).distinct()


class Site(models.Model):
    """One clinic address (FHIR Location) with its own time zone, hours and neutral name."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name used inside"), max_length=80, unique=True)
    #: Promise 8: messages and calendar files carry this name, which must say nothing about the treatment.
    neutral_name = models.CharField(_("neutral name used in messages"), max_length=80)
    time_zone = models.CharField(_("time zone"), max_length=64, validators=[check_time_zone])
    address_line = models.CharField(_("street address"), max_length=200)
    city = models.CharField(_("city"), max_length=80)
    state = models.CharField(_("state or region"), max_length=40, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    #: ISO 3166-1 alpha-2; also decides how telephone numbers without a country code are read, and which holidays hold.
    country = models.CharField(_("country"), max_length=2, default="US")
    phone = models.CharField(_("telephone"), max_length=32)
    emergency_phone = models.CharField(_("emergency number"), max_length=16, default="911")
    email = models.EmailField(_("email"), blank=True)
    observes_holidays = models.BooleanField(_("closed on public holidays"), default=True)
    #: The region whose holidays hold, as the `holidays` library calls it; empty: the state, where it knows that.
    holiday_region = models.CharField(_("region whose holidays hold"), max_length=10, blank=True)
    #: Names of public holidays on which the site is open all the same, every year.
    open_holidays = ArrayField(
        models.CharField(max_length=120), verbose_name=_("open on these holidays"), default=list, blank=True
    )
    #: Nothing is sent to a patient outside these local hours.
    send_from = models.TimeField(_("messages go out from"), default=time(8))
    send_until = models.TimeField(_("messages go out until"), default=time(20))
    #: Hours before a visit inside which a cancellation is late.
    notice_hours = models.PositiveSmallIntegerField(_("notice to cancel, in hours"), default=24)
    #: Days for which a series may be held for a patient who is not cleared yet.
    uncleared_hold_days = models.PositiveSmallIntegerField(_("days a series is held before clearance"), default=7)
    #: Hours before a visit that a patient needs to find somebody who drives home; no earlier time is offered later.
    driver_notice_hours = models.PositiveSmallIntegerField(_("notice to find a driver, in hours"), default=12)
    #: Minutes for which an earlier time is held for those who are asked, unless the desk says otherwise.
    offer_minutes = models.PositiveSmallIntegerField(_("minutes an earlier time is held"), default=120)
    #: What counts as relief (scheduling/relief.py): the score falls by so many per cent of its baseline, and the relief
    #: is over once it is back at so many per cent of it.
    relief_drop_percent = models.PositiveSmallIntegerField(_("relief: the score falls by, in %"), default=30)
    relief_return_percent = models.PositiveSmallIntegerField(_("relief ends: the score is back at, in %"), default=80)
    #: Days after a treatment without any score, after which the patient is asked for one, once.
    score_asked_after_days = models.PositiveSmallIntegerField(_("days until a missing score is asked for"), default=10)
    #: The PHQ-9 is then answered in the clinic only, where somebody is beside the patient.
    phq9_in_clinic = models.BooleanField(_("PHQ-9 only in the clinic"), default=False)
    #: Beside the emergency number: whom somebody in despair can call at any hour (988 in the United States).
    crisis_phone = models.CharField(_("crisis line"), max_length=20, default="988", blank=True)
    #: Minutes until somebody else is told of an answer about self-harm that nobody has acknowledged.
    alert_minutes = models.PositiveSmallIntegerField(_("minutes until the next person is told"), default=15)
    #: How many months ahead dates of boosters are proposed, each night.
    proposed_months = models.PositiveSmallIntegerField(_("months of proposed boosters"), default=4)
    #: Whether the next boosters are offered to the patient for a yes; otherwise they are booked and told.
    offers_boosters = models.BooleanField(_("boosters are offered, not booked unasked"), default=False)
    #: Whether patients are offered legal times on their page and take one at once; otherwise they ask, and the desk
    #: answers.
    patients_move = models.BooleanField(_("patients move visits themselves"), default=False)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = SiteQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(send_from__lt=F("send_until")), name="site_sending_hours_in_order"),
            # Relief ends above where it begins, and below the baseline at most.
            models.CheckConstraint(
                condition=Q(relief_drop_percent__gte=1, relief_return_percent__lte=100)
                & Q(relief_return_percent__gt=100 - F("relief_drop_percent")),
                name="site_relief_shares_in_order",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def one_line_address(self) -> str:
        """Street, city, state and postal code on one line, as an envelope or a calendar has it."""
        return ", ".join(
            part for part in [self.address_line, self.city, f"{self.state} {self.postal_code}".strip()] if part
        )


class OpeningHours(models.Model):
    """One stretch of a weekday in which a site is open, in local time; a midday closing makes two rows."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=Weekday.choices)
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="opening_hours_in_order"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="opening_hours_weekday"),
            models.UniqueConstraint("site", "weekday", "opens", name="opening_hours_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class Closure(models.Model):
    """A site, a chair or a staff member is out for a stretch of time. Exactly one of `site` and `resource` is set."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    site = models.ForeignKey(Site, models.CASCADE, null=True, blank=True, related_name="closures")
    resource = models.ForeignKey("clinic.Resource", models.CASCADE, null=True, blank=True, related_name="closures")
    starts = models.DateTimeField(_("from"))
    ends = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        ordering = ["starts"]
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="closure_in_order"),
            models.CheckConstraint(
                condition=Q(site__isnull=True, resource__isnull=False) | Q(site__isnull=False, resource__isnull=True),
                name="closure_of_one_thing",
            ),
        ]
        indexes = [models.Index(fields=["starts", "ends"])]

    def __str__(self) -> str:
        return f"{self.site or self.resource}: {self.starts:%Y-%m-%d %H:%M}"
