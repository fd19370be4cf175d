"""Scanners against the running clinic, signed out and in: `python -m tests.scan`. See docs/security.md."""
