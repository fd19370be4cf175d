"""Why the clinic did not start, in one line for the person at the keyboard."""


class CannotStart(Exception):
    """Something outside the program stands in the way: the text says what, and what to do about it."""
