"""A worker that begins anew: the same command in a new image of its process.

What Faust and its threads hold of the past is gone with the process's image alone.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from schemas.cluster import Cluster
from signal_tracker.waiting import wait_for_topics

_ANEW: Final = "SIGNAL_TRACKER_BEGINS_ANEW"


def begin_anew() -> NoReturn:
    """Be a new process under the same number; any thread may call it."""
    os.environ[_ANEW] = "1"
    os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - our own command line


def wait_if_begun_anew(broker: Cluster, names: Sequence[str], tell: Callable[[str], None]) -> None:
    """Return when the broker answers and holds these topics, where this process begins anew.

    At its first start a broker that does not answer is an error: the address may be wrong.
    """
    if os.environ.pop(_ANEW, ""):
        wait_for_topics(broker, names, tell)
