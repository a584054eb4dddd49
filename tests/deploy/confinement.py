"""What `SystemCallFilter` and `MemoryDenyWriteExecute` of a unit do, done to a process that a test starts.

systemd hands such a filter to the kernel through libseccomp; so does this.
"""

from __future__ import annotations

import ctypes
import errno
import subprocess
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from tests.support.packages import find_or_install

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # seccomp.h
_SET_NO_NEW_PRIVS, _SET_MDWE, _REFUSE_EXEC_GAIN = 38, 65, 1  # prctl.h


@cache
def _group(name: str) -> frozenset[str]:
    """The system calls of a group such as @privileged, with those of the groups in it."""
    analyze = find_or_install("systemd-analyze", "systemd")
    done = subprocess.run([analyze, "syscall-filter", "--no-pager", name], capture_output=True, text=True, check=True)
    words = [line.strip() for line in done.stdout.splitlines()[1:]]
    return expand(word for word in words if word and not word.startswith("#"))


def expand(names: Iterable[str]) -> frozenset[str]:
    """System calls, with those of the groups that are named."""
    found: set[str] = set()
    for name in names:
        found |= _group(name) if name.startswith("@") else {name}
    return frozenset(found)


def allowed_calls(filters: Sequence[str]) -> frozenset[str]:
    """What the lines of SystemCallFilter leave, the first of which says what is allowed (systemd.exec(5))."""
    found: frozenset[str] = frozenset()
    for line in filters:
        calls = expand(line.lstrip("~").split())
        found = found - calls if line.startswith("~") else found | calls
    return found | _group("@default")


def confined(filters: Sequence[str]) -> Callable[[], None]:
    """What a process does between fork and exec to be confined as a unit with these lines would confine it."""
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ERRNO | errno.EPERM)))
    for name in sorted(allowed_calls(filters)):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # another architecture's, otherwise
            library.seccomp_rule_add(context, ctypes.c_uint32(_ALLOW), ctypes.c_int(number), ctypes.c_uint(0))
    process = ctypes.CDLL(None, use_errno=True)

    def confine() -> None:
        zero = ctypes.c_ulong(0)
        process.prctl(_SET_NO_NEW_PRIVS, ctypes.c_ulong(1), zero, zero, zero)
        # Kernels before 6.3 do not know it; the filter holds all the same.
        process.prctl(_SET_MDWE, ctypes.c_ulong(_REFUSE_EXEC_GAIN), zero, zero, zero)
        if library.seccomp_load(context) != 0:
            raise OSError("the kernel does not take the filter")

    return confine
