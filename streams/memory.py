"""What the C library may keep of the memory that was freed."""

import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_LARGE = 512 * 1024
_PAD = 64 * 1024
_KEPT_ON_TOP = 4 * 1024 * 1024


def give_back_what_is_freed() -> None:
    """Let glibc hand large buffers back to the system as they are freed; elsewhere do nothing.

    By itself it takes the size of the largest one that was freed, up to 32 MB, as what is small:
    then the batches and answers of a moment lie between what stays for years, and leave holes.
    """
    try:
        set_option = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return
    for name, value in (
        (_MMAP_THRESHOLD, _LARGE),
        (_TRIM_THRESHOLD, _KEPT_ON_TOP),
        (_TOP_PAD, _PAD),
    ):
        set_option(name, value)
