"""Let the package see what Windows has, while the libraries below it see the system as it is.

Python runs this file when it starts, if its folder is on PYTHONPATH: so do the workers and kernels of a batch.
"""

import builtins
import sys
from types import ModuleType

MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog", "curses", "readline"}
# What the documentation of each module says is available on Unix only
NAMES = {
    "os": """
        O_CLOEXEC O_DIRECTORY O_NOCTTY O_NOFOLLOW O_NONBLOCK O_SYNC POSIX_FADV_DONTNEED WEXITSTATUS WIFEXITED
        WIFSIGNALED WNOHANG WTERMSIG WUNTRACED chown chroot confstr ctermid fchdir fchmod fchown fork forkpty
        fpathconf fstatvfs geteuid getegid getgid getgroups getloadavg getpgid getpgrp getpriority getresuid
        getsid getuid initgroups killpg lchown lockf major makedev memfd_create minor mkfifo mknod nice
        openpty pathconf pidfd_open pipe2 posix_fadvise posix_fallocate posix_spawn posix_spawnp pread preadv
        pwrite pwritev readv register_at_fork sched_getaffinity sched_setaffinity sched_yield sendfile setegid
        seteuid setgid setgroups setpgid setpriority setresuid setsid setuid statvfs sync sysconf
        sysconf_names tcgetpgrp ttyname uname wait wait3 wait4 waitid writev
    """,
    "signal": """
        ITIMER_PROF ITIMER_REAL ITIMER_VIRTUAL SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE
        SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU
        SIGXFSZ SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm getitimer pause pthread_kill pthread_sigmask setitimer
        siginterrupt sigpending sigtimedwait sigwait sigwaitinfo
    """,
    "select": "EPOLLIN EPOLLOUT POLLERR POLLHUP POLLIN POLLOUT epoll poll",
    "socket": "AF_UNIX CMSG_SPACE SCM_RIGHTS SO_PEERCRED recv_fds send_fds",
    "time": "pthread_getcpuclockid tzset",
    "sys": "",
}
VALUES = {"os": {"name": "nt"}, "sys": {"platform": "win32"}}


class WindowsModule(ModuleType):
    """A module without the names that only other systems have."""

    def __init__(self, original):
        super().__init__(original.__name__)
        vars(self).update(_original=original, **VALUES.get(original.__name__, {}))

    def __getattr__(self, name):
        if name in NAMES[self.__name__].split():
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return getattr(self._original, name)

    def __setattr__(self, name, value):
        setattr(self._original, name, value)


_import = builtins.__import__
_modules = {}


def import_as_on_windows(name, globals=None, locals=None, fromlist=(), level=0):
    """Import a module; for the package, one of Windows."""
    if not str((globals or {}).get("__name__")).startswith("bhyt_analysis"):
        return _import(name, globals, locals, fromlist, level)
    if name in MODULES:
        raise ModuleNotFoundError(f"No module named {name!r} on Windows", name=name)
    module = _import(name, globals, locals, fromlist, level)
    if module.__name__ not in NAMES:
        return module
    return _modules.setdefault(module.__name__, WindowsModule(module))


builtins.__import__ = import_as_on_windows
sys.modules["bhyt_windows"] = ModuleType("bhyt_windows")  # by which a test knows that this has run
