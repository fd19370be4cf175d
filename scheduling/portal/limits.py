"""How often one address may knock: enough for a household or a clinic's own network, too little for guessing tokens.

A token has at least 128 random bits, so guessing is hopeless anyway; the limit keeps the attempt from costing us
anything.
"""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

#: Seconds that a count lasts.
WINDOW = 600
#: Links opened from one address in that time, whether or not they are open.
OPENINGS = 120
#: Forms sent from one address in that time.
ANSWERS = 120
#: Requests for a consult sent from one address in that time, by people who have no link.
CONSULTS = 12


def client_address(request: HttpRequest) -> str:
    """Where the request comes from. IPv6 counts by its /64 network, which one household holds whole.

    In production the application stands behind a proxy, whose own entry is the last of X-Forwarded-For; the others
    can be forged.
    """
    given = str(request.META.get("REMOTE_ADDR") or "")
    if settings.PRODUCTION:
        given = str(request.META.get("HTTP_X_FORWARDED_FOR") or given).rsplit(",", 1)[-1].strip()
    try:
        address = ip_address(given)
    except ValueError:
        return "unknown"
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def over_limit(request: HttpRequest, what: str, limit: int) -> bool:
    """Count one more `what` from this address; whether that is more than `limit` within WINDOW seconds.

    While the cache is away nobody is counted, and nobody turned away.
    """
    key = f"portal:{what}:{client_address(request)}"
    cache.add(key, 0, WINDOW)
    try:
        return (cache.incr(key) or 0) > limit
    except ValueError:
        # The count ran out between the two lines: this is the first of a new one.
        cache.set(key, 1, WINDOW)
        return False
