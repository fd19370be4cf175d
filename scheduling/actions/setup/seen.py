"""Two managers on one thing: the second is told what the first did, and nothing is overwritten unseen."""

from clinic.errors import Stale
from scheduling.selectors.changes import Watched, change_since


class ChangedMeanwhile(Stale):
    """Somebody else has changed the thing since the form was opened. `mark` is what the form carries from now on."""

    def __init__(self, words: str, mark: int) -> None:
        super().__init__(
            f"{words} Nothing of yours was saved yet, and what you typed is kept below. Look at it beside theirs, and "
            "save again to put yours in place."
        )
        self.mark = mark


def check_unchanged(watched: Watched, seen: int | None) -> None:
    """Raise ChangedMeanwhile when the thing was changed after `seen`; None skips the look. Call it under the locks."""
    change = change_since(watched, seen) if seen is not None else None
    if change is not None:
        raise ChangedMeanwhile(change.words, change.mark)
