"""`manage.py drill`: what the messages promise under fault, tried on real processes.

Real Celery workers and a real beat, started as `make run` starts them, a PostgreSQL and (with `--redis`) a Redis of the
drill's own, and an SMTP server that refuses, delays and hangs up. What is killed is killed with -9, and started again
as the process manager would. The clinic's own database, broker and mail are never touched. `scenarios` lists what is
tried; docs/reliability.md says what each line means, and what is not promised.
"""
