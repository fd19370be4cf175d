"""Scanners against the running clinic, signed out and in: `python -m tests.scan`. See docs/security.md."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.scan.settings")
django.setup()
