"""Structured logs: one JSON object a line, with the request's or job's id and never a person's data."""

import logging
import logging.config
from typing import Any

import structlog


def _with_request(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """The request's id on what Django says of an answer when the request's own context is over."""
    request = getattr(event.get("_record"), "request", None)
    if request is not None and hasattr(request, "name_in_logs"):
        event.setdefault("request_id", request.name_in_logs)
    return event


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG hook: everything goes to stderr as JSON, whatever library wrote it."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [*shared, _with_request],
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        structlog.processors.format_exc_info,
                        structlog.processors.JSONRenderer(),
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {"django.request": {"level": "ERROR"}},
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
