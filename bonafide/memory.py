"""What the C library does with memory that this process has freed."""

import ctypes
from contextlib import suppress

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of glibc's mallopt(3)
KEPT = 1 << 26  # bytes at the end of the heap that may lie idle
LARGE = 1 << 25  # bytes of one array from which on it comes from the system and goes back; the most that glibc takes


def keep_memory() -> None:
    """Have this process keep what it frees for what comes next, up to 64 MiB; where its C library is not glibc's, not.

    A spectrogram is made in arrays of some megabytes that live for a moment. glibc hands each back to the system, and
    to get its pages anew, one fault for every 4 KiB, takes longer than to compute what they hold.
    """
    with suppress(OSError, AttributeError):  # no C library to ask, or one without this function
        tune = ctypes.CDLL(None).mallopt
        tune(MMAP_THRESHOLD, LARGE)
        tune(TRIM_THRESHOLD, KEPT)
