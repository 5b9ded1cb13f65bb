"""Logs of the service: one JSON object a line on stderr, without audio, file names or addresses of clients."""

import json
import logging
import sys
import time
from typing import Any

LOGGER = logging.getLogger("bonafide.web")


class JsonFormatter(logging.Formatter):
    """Turns a record and what `event` gave it into one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z"
        line = {"time": stamp, "level": record.levelname.lower(), "event": record.getMessage()}
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True)


def event(name: str, *, level: int = logging.INFO, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON takes
    """Log that `name` happened, with its facts."""
    LOGGER.log(level, name, extra={"facts": facts})


def set_up() -> None:
    """Send our own lines, uvicorn's warnings and the errors of others to stderr.

    What other libraries warn of is left out: it may quote what a client sent.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    for name, level in (("bonafide.web", logging.INFO), ("uvicorn", logging.WARNING), ("", logging.ERROR)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
