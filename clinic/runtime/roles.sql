-- The two roles and the database, for the embedded server and for docker-compose.yml alike. Run by psql as superuser;
-- may be run again. Passwords come from the environment, so that no process list shows them.
\set ON_ERROR_STOP on
\getenv app_password CLINIC_APP_PASSWORD
\getenv owner_password CLINIC_OWNER_PASSWORD

SELECT format('CREATE ROLE clinic_owner LOGIN PASSWORD %L', :'owner_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clinic_owner') \gexec
SELECT format('CREATE ROLE clinic_app LOGIN PASSWORD %L', :'app_password')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clinic_app') \gexec
SELECT 'CREATE DATABASE clinic OWNER clinic_owner'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'clinic') \gexec

-- The application's role owns nothing: it connects, and gets its rights on tables after each migration (clinic/grants.py).
REVOKE ALL ON DATABASE clinic FROM PUBLIC;
GRANT CONNECT ON DATABASE clinic TO clinic_app;
REVOKE CONNECT ON DATABASE postgres FROM PUBLIC;
\connect clinic
ALTER SCHEMA public OWNER TO clinic_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO clinic_app;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS unaccent;
