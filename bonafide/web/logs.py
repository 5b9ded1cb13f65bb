"""Logs of the service: one JSON object a line on stderr, without audio, file names or addresses of clients."""

import json
import logging
import sys
import time
import traceback
from typing import Any

LOGGER = logging.getLogger("bonafide.web")


class JsonFormatter(logging.Formatter):
    """Turns a record and what `event` gave it into one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z"
        line: dict[str, Any] = {
            "time": stamp,
            "level": record.levelname.lower(),
            "event": record.getMessage().partition("\n")[0],
        }
        line |= getattr(record, "facts", {})
        if record.exc_info and record.exc_info[1]:
            line["trace"] = trace_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)


def event(name: str, *, level: int = logging.INFO, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON takes
    """Log that `name` happened, with its facts."""
    LOGGER.log(level, name, extra={"facts": facts})


def fault(name: str, error: BaseException, **facts: Any) -> None:  # noqa: ANN401 - whatever JSON takes
    """Log that `name`, a defect of ours, happened."""
    LOGGER.error(name, exc_info=error, extra={"facts": facts})


def trace_of(error: BaseException) -> list[str]:
    """Return where `error` arose, innermost last, and its type; its message may quote what a client sent."""
    frames = traceback.extract_tb(error.__traceback__, limit=-12)
    kind = f"{type(error).__name__} {error.errno}" if isinstance(error, OSError) else type(error).__name__
    return [*(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames), kind]


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
