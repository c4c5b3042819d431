"""Locks that last as long as the process that holds them, however it ends."""


def has_locked(descriptor: int) -> bool:
    """Lock an open file or folder, unless another process holds a lock on it; return whether it is locked now.

    The lock ends when the descriptor is closed. On Windows, and on file systems without locks, nothing is locked,
    and the answer is True.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows
        return True
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
