"""Reads that span models, for more than one screen or action."""
