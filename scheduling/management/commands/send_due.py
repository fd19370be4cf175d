"""`manage.py send_due`: deliver what is due without any broker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clinic.actor import origin
from patients.models import Channel
from scheduling.messages import delivery


class Command(BaseCommand):
    """Look at the ledger once, and deliver everything that is due."""

    help = "Deliver every message that is due now. Needs no broker and no worker; safe beside running workers."

    def add_arguments(self, parser: CommandParser) -> None:
        """`--for SECONDS`: how long to go on at most."""
        parser.add_argument(
            "--for", dest="seconds", type=float, default=3600.0, metavar="SECONDS", help="stop after so long (3600)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line of counts. Raises CommandError when the mail server could not be reached."""
        token = origin.set("command send_due")
        try:
            run = delivery.deliver(budget=options["seconds"])
        finally:
            origin.reset(token)
        counts = ", ".join(f"{number} {word}" for word, number in run.counts().items() if number)
        self.stdout.write(counts or "nothing was due")
        if run.closed:
            closed = "The provider of texts could not be used, so texts wait"
            if Channel.MAIL in run.shut:
                closed = "The mail server could not be used, so mail waits"
            raise CommandError(f"{closed}: {run.closed}")
