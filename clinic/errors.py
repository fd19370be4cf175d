"""What an action raises when it will not do a thing. The text is for the person at the screen: what was wrong, what
was kept, what to do."""

from uuid import UUID


class Refused(Exception):
    """An action said no. Nothing was written.

    `message` is a sentence to show, `field` the form field that it belongs to (empty: the whole form), `code` a
    stable word for tests and logs.
    """

    code = "refused"

    def __init__(self, message: str, *, field: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code:
            self.code = code


class JustTaken(Refused):
    """Somebody else took the time between the look and the write."""

    code = "just_taken"


class NotAllowed(Refused):
    """The actor's role does not cover this."""

    code = "not_allowed"


class Stale(Refused):
    """The thing was changed by somebody else since the form was opened."""

    code = "stale"


class WrongStatus(Refused):
    """The status table has no such move."""

    code = "wrong_status"


class GateClosed(Refused):
    """A safety gate (clearance, consent, ride) stands in the way."""

    code = "gate_closed"


class Elsewhere(Exception):
    """What the address names is part of another record by now: `old` and `new` are the keys, `sentence` says it.

    The page of the new record answers instead; a form that was sent comes back there filled in, and nothing is done
    (clinic.middleware.ElsewhereMiddleware).
    """

    def __init__(self, old: UUID, new: UUID, sentence: str) -> None:
        super().__init__(sentence)
        self.old = old
        self.new = new
        self.sentence = sentence
