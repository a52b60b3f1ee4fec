"""A worker that begins anew: the same command in a new image of its process.

What Faust and its threads hold of the past is gone with the process's image alone.
"""

import os
import sys
from typing import Final, NoReturn

# An option that `--help` leaves out: a new image waits for the broker, a first start does not.
FLAG: Final = "--begun-anew"


def begin_anew() -> NoReturn:
    """Be a new process under the same number; any thread may call it."""
    words = [each for each in sys.orig_argv if each != FLAG]
    os.execv(sys.executable, [*words, FLAG])  # noqa: S606 - our own command line
