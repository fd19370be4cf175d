"""Keeping the figures of the navigation that are too slow for a page: they decide nothing, so no lock and no trail."""

from datetime import datetime

from scheduling.models import KeptCount
from scheduling.selectors.slow_counts import slow_counts


def keep_slow_counts(*, now: datetime) -> None:
    """Write what waits at `now` (aware) for whoever sees such a figure in the navigation, in place of what was kept."""
    KeptCount.objects.bulk_create(
        slow_counts(now),
        update_conflicts=True,
        unique_fields=["user", "kind"],
        update_fields=["count", "counted_at"],
    )
