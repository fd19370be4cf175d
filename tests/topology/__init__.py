"""The topology of `docker-compose.yml` without Docker: `.ci/topology`.

PostgreSQL and Redis from the system's packages, a pool of connections in front of PostgreSQL (pgbouncer, as a larger
clinic has one), two web servers behind nginx with TLS, two workers and one beat, all under production settings, each
"machine" with a data folder of its own. Clerks book through nginx, and one patient's story is lived in a browser, while
a web server, a worker, Redis and PostgreSQL are killed with -9 and come back.
Then the database is moved to a newer PostgreSQL by backup and restore.
Promised: no acknowledged booking is lost, none is there twice, and every message goes out.
"""
