"""How often one address may knock: enough for a household or a clinic's own network, too little for guessing tokens.

A token has at least 128 random bits, so guessing is hopeless anyway; the limit keeps the attempt from costing us
anything.
"""

from django.http import HttpRequest

from clinic.rates import Limit, client_address, count

#: Seconds that a count lasts.
WINDOW = 600
#: Links opened from one address in that time, whether or not they are open.
OPENINGS = 120
#: Forms sent from one address in that time.
ANSWERS = 120
#: Pages looked at from one address in that time behind links: some of them search for free times.
PAGES = 600
#: Requests for a consult sent from one address in that time, by people who have no link.
CONSULTS = 12


def over_limit(request: HttpRequest, what: str, limit: int) -> bool:
    """Count one more `what` from this address; whether that is more than `limit` within WINDOW seconds.

    While Redis is away each process counts for itself.
    """
    return count(f"portal:{what}:{client_address(request)}", Limit(limit, WINDOW)) > limit
