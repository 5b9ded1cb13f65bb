"""What a worker gives up before it reads a stranger's file, as far as the system lets it.

By plain calls of Linux, each of which may be missing or forbidden; `confine` says which of them hold:

- ``privileges``: no program that it might start gains any (``PR_SET_NO_NEW_PRIVS``).
- ``network``: it lies in a network of its own, which has no way out (a user and a network namespace).
- ``files``: it can read Python's and the system's libraries, the model and what lies in the temporary folder, whence
  recordings come as open files, and write nowhere (Landlock, from Linux 5.13 on).
- ``programs``: it starts none, opens no socket and looks into no other process (a seccomp filter).

Elsewhere than on Linux nothing of this holds; limits of memory and time do.
"""

import ctypes
import os
import platform
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path

import bonafide

PACKAGE = Path(bonafide.__file__).parent
PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 4, 22, 2
CLONE_NEWUSER, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x40000000, 0x08000000
# Numbers of system calls by machine. A decoder that is taken over finds none of them.
CALLS = {
    "x86_64": {
        "arch": 0xC000003E,
        "socket": 41, "connect": 42, "bind": 49, "socketpair": 53, "execve": 59, "execveat": 322, "ptrace": 101,
        "process_vm_readv": 310, "process_vm_writev": 311, "pidfd_getfd": 438, "io_uring_setup": 425, "bpf": 321,
        "mount": 165, "setns": 308, "unshare": 272, "keyctl": 250, "perf_event_open": 298, "userfaultfd": 323,
    },
    "aarch64": {
        "arch": 0xC00000B7,
        "socket": 198, "connect": 203, "bind": 200, "socketpair": 199, "execve": 221, "execveat": 281, "ptrace": 117,
        "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_getfd": 438, "io_uring_setup": 425, "bpf": 280,
        "mount": 40, "setns": 268, "unshare": 97, "keyctl": 219, "perf_event_open": 241, "userfaultfd": 282,
    },
}  # fmt: skip
X32 = 0x40000000  # calls of another numbering that x86_64 takes as well
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # on every machine
ALL_OF_FILES = (1 << 13) - 1  # rights that Landlock's first version knows
READ = 1 << 2 | 1 << 3  # of files and folders
READ_FILE = 1 << 2


def confine(readable: Iterable[Path] = ()) -> list[str]:
    """Give up what this process does not need and return what holds; `readable` are files it must read later.

    Call it before the first thread is started: a namespace cannot be had afterwards.
    """
    if not sys.platform.startswith("linux"):
        return []
    steps = (
        ("privileges", _no_new_privileges),
        ("network", _own_network),
        ("files", lambda: _own_files(readable)),
        ("programs", _fewer_calls),
    )
    held = []
    for name, step in steps:
        try:
            step()
        except (OSError, KeyError, AttributeError):  # forbidden, another machine, an older system
            continue
        held.append(name)
    return held


def hide() -> None:
    """Keep processes of the same user from reading this one's memory and environment."""
    if sys.platform.startswith("linux"):
        _libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def _no_new_privileges() -> None:
    _checked(_libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def _own_network() -> None:
    _checked(_libc().unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC))


def _own_files(readable: Iterable[Path]) -> None:
    call = _libc().syscall
    rights = struct.pack("=Q", ALL_OF_FILES)
    rules = _checked(call(LANDLOCK_CREATE, rights, ctypes.c_size_t(len(rights)), 0))
    try:
        for path in {*_libraries(), *readable}:
            _allow(rules, path, READ if path.is_dir() else READ_FILE)
        _allow(rules, Path(tempfile.gettempdir()), READ_FILE)
        _checked(call(LANDLOCK_RESTRICT, rules, 0))
    finally:
        os.close(rules)


def _allow(rules: int, path: Path, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        rule = struct.pack("=Qi", rights, handle)
        _checked(_libc().syscall(LANDLOCK_ADD, rules, 1, rule, 0))
    finally:
        os.close(handle)


def _libraries() -> set[Path]:
    """Return where Python and the system keep code, and what libraries want to know of the machine."""
    packages = (each for each in sys.path if each.endswith(("site-packages", "dist-packages")))
    python = {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), *packages, str(PACKAGE)}
    system = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime")
    machine = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom")
    return {Path(each) for each in (*python, *system, *machine) if each != "/"}


def _fewer_calls() -> None:
    """Let the calls of `CALLS` fail with EPERM, and every call of another machine's numbering."""
    numbers = dict(CALLS[platform.machine()])
    arch = numbers.pop("arch")
    denied = sorted(numbers.values())
    deny = (0x06, 0, 0, 0x00050000 | 1)  # return: error EPERM
    # (code, jump if true, jump if false, value): BPF, which can only jump forwards; deny is the last instruction.
    program = [(0x20, 0, 0, 4), (0x15, 0, len(denied) + 3, arch), (0x20, 0, 0, 0)]  # load arch, compare, load number
    program.append((0x35, len(denied) + 1, 0, X32))
    program += [(0x15, len(denied) - place, 0, number) for place, number in enumerate(denied)]
    program += [(0x06, 0, 0, 0x7FFF0000), deny]  # allow
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    head = struct.pack("HxxxxxxP" if struct.calcsize("P") == 8 else "HxxP", len(program), ctypes.addressof(buffer))
    _checked(_libc().prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, head, 0, 0))
