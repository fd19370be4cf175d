"""Where a manager lands: what needs doing, what the clinic is made of, and what it still lacks."""

from dataclasses import dataclass
from datetime import time, timedelta

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic import clock
from clinic.models import Closure, Site, Weekday
from clinic.permissions import Permission
from clinic.views import StaffRequest, needs
from patients.models import EmergencyAccess
from scheduling.messages.waiting import overdue
from scheduling.selectors.readiness import Step, steps_of
from scheduling.selectors.to_manage import not_ready, to_manage
from scheduling.setup import scope
from scheduling.when import stretch_words

#: How far ahead the page lists closures.
CLOSURES_AHEAD = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Place:
    """A site with the steps of its set-up; `next` is the first that is not done."""

    site: Site
    steps: list[Step]

    @property
    def open_words(self) -> list[str]:
        """The opening hours, days that are alike taken together, each with its stretches of the day."""
        days: dict[int, list[tuple[time, time]]] = {}
        for row in self.site.opening_hours.all():
            days.setdefault(row.weekday, []).append((row.opens, row.closes))
        alike: list[tuple[list[int], str]] = []
        for weekday, stretches in sorted(days.items()):
            words = ", ".join(stretch_words(opens, closes) for opens, closes in sorted(stretches))
            if alike and alike[-1][1] == words and alike[-1][0][-1] == weekday - 1:
                alike[-1][0].append(weekday)
            else:
                alike.append(([weekday], words))
        return [f"{_days(some)} {words}" for some, words in alike]

    @property
    def next(self) -> Step | None:
        """What to do next."""
        return next((step for step in self.steps if not step.is_done), None)


def _days(weekdays: list[int]) -> str:
    names = [str(Weekday(day).label)[:3] for day in weekdays]
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


@require_safe
@needs(Permission.MANAGE_CLINIC)
def home(request: StaffRequest) -> HttpResponse:
    """What needs doing, then sites, people, protocols and closures, each with the way to its page."""
    now = clock.now()
    sites = list(
        scope.managed_sites(request.user)
        .prefetch_related("opening_hours")
        .annotate(
            chair_count=Count("resources", filter=Q(resources__is_active=True), distinct=True),
            staff_count=Count("staff", filter=Q(staff__is_active=True), distinct=True),
        )
        .order_by("-is_active", "name")
    )
    steps = steps_of([site for site in sites if site.is_active], now.date())
    people = list(
        scope.staff(request.user).filter(is_active=True).prefetch_related("role_rows", "sites").order_by("name")
    )
    closures = Closure.objects.filter(Q(site__in=sites) | Q(resource__site__in=sites), ends__gt=now)
    places = [Place(site, steps.get(site.pk, [])) for site in sites]
    to_do = [not_ready(place.site, place.next) for place in places if place.next is not None]
    context = {
        "places": places,
        "staff": people,
        "to_do": [*to_do, *to_manage(request.user, now, people)] if sites else [],
        "overdue": overdue(),
        "protocols": scope.protocols(request.user)
        .filter(is_active=True)
        .prefetch_related("versions__phases", "sites")
        .order_by("kind", "name"),
        "emergencies": EmergencyAccess.objects.for_user(request.user).filter(reviewed_at=None).count()
        if request.user.may(Permission.VIEW_AUDIT)
        else 0,
        "closures": closures.filter(starts__lt=now + CLOSURES_AHEAD).select_related("site", "resource__site"),
    }
    return render(request, "setup/home.html", context)
