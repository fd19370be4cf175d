"""What a site says in its messages beside, or in place of, the standard words."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic.models import Site
from patients.models import Language


class SiteWording(models.Model):
    """The site's own words for one kind of message in one language; an empty `kind` speaks for all kinds.

    The standard template always carries what must be said (dates, address, preparation, who drives, the link). A site
    may put its own subject in place of the standard one, and add an opening after the greeting and a closing before
    the signature. Placeholders are those of scheduling.messages.wording.
    """

    site = models.ForeignKey(Site, models.CASCADE, related_name="wordings")
    #: Of Message.Kind.
    kind = models.CharField(_("about"), max_length=24, blank=True)
    language = models.CharField(_("language"), max_length=5, choices=Language.choices)
    subject = models.CharField(_("subject"), max_length=120, blank=True)
    opening = models.TextField(_("said after the greeting"), max_length=600, blank=True)
    closing = models.TextField(_("said at the end"), max_length=600, blank=True)

    class Meta:
        ordering = ["kind", "language"]
        constraints = [
            models.UniqueConstraint("site", "kind", "language", name="site_wording_once"),
            models.CheckConstraint(
                condition=~Q(subject="") | ~Q(opening="") | ~Q(closing=""), name="site_wording_of_some_words"
            ),
            models.CheckConstraint(condition=~Q(kind="") | Q(subject=""), name="site_wording_subject_of_one_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.site}: {self.kind or 'every message'}, {self.language}"
