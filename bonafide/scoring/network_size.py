"""How large a network is, counted in its ONNX file; what else reads such files does not tell, or is not installed."""

import math
from collections.abc import Iterator

GRAPH, INITIALIZER, DIMS = 7, 5, 1  # field numbers of ONNX's ModelProto, GraphProto and TensorProto
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers


def constants(model: bytes) -> int:
    """Return how many numbers, learnt or fixed, the network in the ONNX file `model` has."""
    total = 0
    for graph in _texts(model, GRAPH):
        for tensor in _texts(graph, INITIALIZER):
            total += math.prod(_dims(tensor))
    return total


def _dims(tensor: memoryview | bytes) -> Iterator[int]:
    for field, value in _fields(tensor):
        if field == DIMS and isinstance(value, int):
            yield value
        elif field == DIMS and not isinstance(value, int):  # packed
            at = 0
            while at < len(value):
                number, at = _varint(value, at)
                yield number


def _texts(content: memoryview | bytes, wanted: int) -> Iterator[memoryview]:
    for field, value in _fields(content):
        if field == wanted and not isinstance(value, int):
            yield value


def _fields(content: memoryview | bytes) -> Iterator[tuple[int, int | memoryview]]:
    view, at = memoryview(content), 0
    while at < len(view):
        key, at = _varint(view, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(view, at)
            yield key >> 3, value
            continue
        if kind == BYTES:
            size, at = _varint(view, at)
        else:
            size = {FIXED64: 8, FIXED32: 4}[kind]
        yield key >> 3, view[at : at + size]
        at += size


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = view[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
