"""The links of a chained Ogg file: streams one behind another, of which libsndfile reads the first alone."""

from pathlib import Path

CAPTURE = b"OggS"
HEAD = 27  # bytes of a page, before its table of segments
BEGINS = 0x02  # in the flags of a page: a stream begins here
BLOCK = 1 << 16  # bytes that are searched at a time where pages are damaged


def links(path: Path) -> list[tuple[int, int]]:
    """Return from where to where in bytes each link of the Ogg file `path` goes: one, unless files were chained."""
    starts: list[int] = []
    at, inside = 0, True
    with path.open("rb") as file:
        size = file.seek(0, 2)
        while at < size:
            file.seek(at)
            head = file.read(HEAD + 255)
            if len(head) < HEAD or not head.startswith(CAPTURE):
                found = head.find(CAPTURE, 1)
                at += found if found > 0 else max(1, len(head) - 3)
                continue
            begins = bool(head[5] & BEGINS)
            if begins and inside:
                starts.append(at)
            inside = not begins  # several streams may begin at once
            at += HEAD + head[26] + sum(head[HEAD : HEAD + head[26]])
    starts[:1] = [0]
    return list(zip(starts, [*starts[1:], size], strict=True))
