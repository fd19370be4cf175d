"""What sites are called in public addresses: a word made from the neutral name, which says nothing of the treatment."""

from django.utils.text import slugify

from clinic.models import Site


def public_names() -> dict[str, Site]:
    """The sites in use by the word that stands for each: its neutral name, with the city where two share one."""
    found: dict[str, Site] = {}
    for site in Site.objects.filter(is_active=True).order_by("neutral_name", "city", "pk"):
        name = slugify(site.neutral_name) or "clinic"
        if name in found:
            name = f"{name}-{slugify(site.city)}"
        found.setdefault(name, site)
    return found


def public_name(site: Site) -> str:
    """The word that stands for this site; empty for one that is not in use."""
    return next((name for name, one in public_names().items() if one.pk == site.pk), "")
