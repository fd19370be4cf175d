#!/usr/bin/env python
"""Django's command line. Commands that need the database attach to the running embedded server, or start it."""

import os
import sys


def main() -> None:
    """Run one management command with the database reachable for as long as it runs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    from django.core.management import execute_from_command_line

    from clinic.runtime.attach import database_for_command
    from clinic.runtime.errors import CannotStart

    try:
        with database_for_command(sys.argv):
            execute_from_command_line(sys.argv)
    except CannotStart as reason:
        sys.exit(str(reason))


if __name__ == "__main__":
    main()
