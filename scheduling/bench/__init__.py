"""`manage.py bench`: the promises about speed, each figure measured beside its floor in the same run.

Everything happens on a throw-away server with a site of its own (`server`, `site`, `days`, `history`); the clinic's
database and its mail are never touched. `figures` lists what is measured; docs/performance.md says what each line
means.
"""
