"""Computes what is needed next while what was needed last is in use."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
END = object()


def ahead(items: Iterator[T], most: int) -> Iterator[T]:
    """Yield `items`, in their order, with up to `most` of them computed in a thread before they are asked for."""
    with ThreadPoolExecutor(1) as thread:
        computed = deque(thread.submit(next, items, END) for _ in range(most))
        while (item := computed.popleft().result()) is not END:
            computed.append(thread.submit(next, items, END))
            yield item  # type: ignore[misc]  # END is no item
