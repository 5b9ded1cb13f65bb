"""Bodies of requests: one recording as it is, or several in a form; on disk they never have a name."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

MAX_FILES = 64  # of one request
MAX_FIELDS = 16
MAX_NAME = 200  # characters of a file's name that are given back
FORM = "multipart/form-data"
BROKEN_HEADERS = "the form cannot be read: its headers are broken"
NO_RECORDING = "send the recording as audio/* or application/octet-stream, or several in a form"
# What a recording may be called. The decoder goes by content, so that this only catches mistakes.
RAW = ("audio/", "video/", "application/octet-stream", "application/ogg", "application/x-www-form-urlencoded")


class BadUpload(Exception):  # noqa: N818 - said to the client as it is
    """A body that is no upload; `status` is the HTTP status, the message a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class _Parser(MultiPartParser):
    """Starlette's, with less of each file in memory: many clients may send many files."""

    spool_max_size = 64 * 1024


@dataclass(frozen=True)
class Upload:
    """One recording: the name that the client gave it, cleaned for display, and its open file."""

    name: str
    file: IO[bytes]


@dataclass(frozen=True)
class Body:
    """What a request brought."""

    uploads: list[Upload]
    fields: dict[str, str]
    several: bool  # it was a form, so that a list is the answer


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Body]:
    """Yield what the body of `request` holds; its files are gone afterwards.

    Raises
    ------
    BadUpload
        Where it is of no such kind, or broken.
    """
    kind = request.headers.get("content-type", "application/octet-stream").partition(";")[0].strip().lower()
    if kind == FORM:
        async with _form(request) as body:
            yield body
    elif kind.startswith(RAW):
        # Without a name from the beginning: it is gone when it is closed, even if this process is killed.
        with tempfile.TemporaryFile() as file:
            async for chunk in request.stream():
                file.write(chunk)
            if not file.tell():
                raise BadUpload(422, "the body is empty: send a recording, or several as multipart/form-data")
            file.seek(0)
            yield Body([Upload("", file)], {}, several=False)
    else:
        raise BadUpload(415, NO_RECORDING)


@asynccontextmanager
async def _form(request: Request) -> AsyncIterator[Body]:
    parser = _Parser(request.headers, request.stream(), max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=4096)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BadUpload(400, f"the form cannot be read: {error.message.rstrip('.')}") from None
    except (KeyError, ValueError, AttributeError):  # what the parser makes of headers that are no form's
        raise BadUpload(400, BROKEN_HEADERS) from None
    try:
        items = form.multi_items()
        uploads = [_upload(each) for _, each in items if isinstance(each, UploadFile)]
        if not uploads:
            raise BadUpload(422, "the form holds no file: send each recording as a part with a file name")
        yield Body(uploads, {name: each for name, each in items if isinstance(each, str)}, several=True)
    finally:
        await form.close()


def _upload(part: UploadFile) -> Upload:
    part.file.fileno()  # moves what is still in memory to a file without a name, for a worker to read
    part.file.seek(0)
    return Upload(shown(part.filename or ""), part.file)


def shown(name: str) -> str:
    """Return `name` without folders and without what could break a line or turn the direction of writing."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(each if each.isprintable() else "\ufffd" for each in last)[:MAX_NAME]
