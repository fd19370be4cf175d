# `manage.py check --deploy` under production settings: sh clinic/runtime/check_deploy.sh PYTHON
# The values are examples that pass for real ones; nothing is started and nothing connected to.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
env CLINIC_ENVIRONMENT=production CLINIC_DATA="$folder" PUBLIC_URL=https://clinic.example \
    ALLOWED_HOSTS=clinic.example SECRET_KEY="$("$1" -c 'import secrets; print(secrets.token_urlsafe(60))')" \
    FIELD_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= BLIND_INDEX_KEY=another-text-that-passes-for-a-real-one \
    DATABASE_URL=postgres://clinic_app@database.example/clinic \
    DATABASE_OWNER_URL=postgres://clinic_owner@database.example/clinic \
    REDIS_URL=redis://redis.example:6379/0 EMAIL_URL=smtp://mail.example:25 \
    "$1" manage.py check --deploy --fail-level WARNING
