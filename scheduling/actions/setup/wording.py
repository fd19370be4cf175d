"""A site's own words in its messages."""

from collections.abc import Mapping

from clinic.actions import action
from clinic.actor import Actor
from clinic.errors import Refused
from clinic.models import Site
from clinic.permissions import Permission
from scheduling.actions.placing import check_may
from scheduling.actions.setup.seen import check_unchanged
from scheduling.messages.wording import complaint
from scheduling.models import Message, SiteWording
from scheduling.selectors import changes

PARTS = ("subject", "opening", "closing")
Words = Mapping[str, Mapping[str, str]]
"""By language, each with PARTS; what is empty is not said."""


@action
def save_wording(*, by: Actor, site: Site, kind: str, words: Words, seen: int | None = None) -> None:
    """The site's words for one kind of message (empty: for every kind), in place of those that it had.

    Raises:
        ChangedMeanwhile: somebody else changed them since `seen` (the mark of `changes.wording`).
        Refused: a placeholder stands for nothing, or a subject is given for every kind.
        NotAllowed: the actor does not run the clinic.
    """
    check_may(by, Permission.MANAGE_CLINIC)
    # Two who save at once wait for each other here.
    Site.objects.select_for_update().get(pk=site.pk)
    check_unchanged(changes.wording(site, kind), seen)
    put(site, kind, words)


def put(site: Site, kind: str, words: Words) -> None:
    """Write the words, without looking at who does and who else did: inside an action, or where a preview is taken
    back. Raises Refused as `save_wording`.
    """
    if kind and kind not in Message.Kind.values:
        raise Refused("There is no such message. Nothing was saved.")
    for language, parts in words.items():
        for part in PARTS:
            wrong = complaint(parts.get(part, ""), kind)
            if wrong:
                raise Refused(wrong, field=f"{language}_{part}")
        said = {part: parts.get(part, "").strip() for part in PARTS}
        if not kind and said["subject"]:
            raise Refused("Each message has a subject of its own; set it there.", field=f"{language}_subject")
        if any(said.values()):
            # Whoever looks at a preview at the same moment writes the same row, and takes it back.
            SiteWording.objects.update_or_create(site=site, kind=kind, language=language, defaults=said)
        else:
            SiteWording.objects.filter(site=site, kind=kind, language=language).delete()
