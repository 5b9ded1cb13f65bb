"""Places that clients hold: so many in all, and no more than three quarters of them by one address."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar


def address_of(host: str) -> str:
    """Return what counts as the address of a client at `host`: of IPv6 its network, whose hosts it may all be.

    Examples
    --------
    >>> address_of("192.0.2.1"), address_of("2001:db8::1:2"), address_of("::ffff:192.0.2.1")
    ('192.0.2.1', '2001:db8::/64', '192.0.2.1')
    """
    if ":" not in host:
        return host
    address = ipaddress.IPv6Address(host)
    return str(address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False).with_prefixlen)


class Holder(Protocol):
    """Who holds a place: something that is of an address."""

    @property
    def address(self) -> str:
        """Where it comes from."""


AnyHolder = TypeVar("AnyHolder", bound=Holder)


def rivals(holders: list[AnyHolder], address: str, most: int) -> list[AnyHolder]:
    """Return those of whom one must go before `address` gets one more of `most` places; none where there is room.

    An address that has its share competes with itself, any other one with all.
    """
    own = [each for each in holders if each.address == address]
    if len(own) >= share_of(most):
        return own
    return holders if len(holders) >= most else []


def share_of(most: int) -> int:
    """Return how many of `most` places one address may hold.

    Examples
    --------
    >>> [share_of(most) for most in (1, 3, 18, 64)]
    [1, 3, 14, 48]
    """
    return most - most // 4


class Uploads:
    """The bodies that are on their way.

    A slow one holds its place until somebody else needs it: then the slowest goes, so that however many of them there
    are, others come in.

    Parameters
    ----------
    most : int
        At a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._uploads: list[Upload] = []

    def has_room(self, address: str) -> bool:
        """Whether one more of `address` may come in; ends the slowest upload for it where it must."""
        others = rivals(self._uploads, address, self._most)
        if not others:
            return True
        slowest = min(others, key=lambda upload: upload.rate())
        if slowest.is_slow():
            slowest.end()
            self._uploads.remove(slowest)
            return True
        return False

    @contextmanager
    def holding(self, upload: "Upload") -> Iterator[None]:
        """Count `upload` until the end of the block."""
        self._uploads.append(upload)
        try:
            yield
        finally:
            if upload in self._uploads:
                self._uploads.remove(upload)

    def end(self) -> None:
        """End all of them: the service does."""
        for upload in self._uploads:
            upload.end()
        self._uploads.clear()


class Upload(Holder, Protocol):
    """A body on its way."""

    def rate(self) -> float:
        """Return its mean bytes a second so far."""

    def is_slow(self) -> bool:
        """Whether others should not wait for it."""

    def end(self) -> None:
        """Refuse the rest of it."""
