"""Forget who a patient is, on request, with the trail kept."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic.actor import Actor
from clinic.erasure import erase_trail
from clinic.errors import Refused
from patients.actions.pseudonymising import pseudonymise
from patients.models import Patient


class Command(BaseCommand):
    """`manage.py pseudonymise RECORD_NUMBER --reason TEXT --by NAME`: with the owner's address in the environment."""

    help = "Take away what says who a patient is, from the record and from what the audit trail says."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whom, why, and who decided it."""
        parser.add_argument("record_number", type=int)
        parser.add_argument("--reason", required=True, help="the request and its date; nothing that names the person")
        parser.add_argument("--by", required=True, help="who decided it")

    def handle(self, *args: Any, **options: Any) -> None:
        """The record first, then the trail; may be run again if it was cut off between."""
        if "owner" not in settings.DATABASES:
            raise CommandError("DATABASE_OWNER_URL (or DATABASE_OWNER_URL_FILE) must be set to erase.")
        patient = Patient.objects.filter(record_number=options["record_number"]).first()
        if patient is None:
            raise CommandError(f"There is no record number {options['record_number']}.")
        try:
            records = pseudonymise(by=Actor.system(options["by"]), patient=patient, reason=options["reason"])
        except Refused as error:
            raise CommandError(error.message) from None
        number = erase_trail(records, reason=options["reason"], by=options["by"])
        self.stdout.write(f"Record {options['record_number']} says no more who it is; {number} events were emptied.")
