"""Patients of whom nothing was heard since a treatment are asked how it goes, once."""

from clinic.actions import action
from clinic.actor import Actor
from scheduling.messages import asking
from scheduling.selectors.scores_missing import to_ask


@action
def ask_missing_scores(*, by: Actor) -> int:
    """Write the message to each of them. Returns how many."""
    treated = list(to_ask())
    for visit in treated:
        asking.announce_score_asked(visit)
    return len(treated)
