"""What the navigation says beside its words."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from clinic import clock
from scheduling.selectors.work_counts import Counts, counts_for


def waits(request: HttpRequest) -> dict[str, object]:
    """`waits`: the Counts of whoever is signed in, looked up only where a page prints them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}

    def look() -> Counts:
        return counts_for(user, clock.now())

    return {"waits": SimpleLazyObject(look)}
