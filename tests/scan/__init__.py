"""Scanners against the running clinic, signed out and in: `python -m tests.scan`. See docs/security.md."""

import os

import django

# Where it is set already, a server or pytest sets Django up, and reads its settings from in here.
if "DJANGO_SETTINGS_MODULE" not in os.environ:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.scan.settings"
    django.setup()
