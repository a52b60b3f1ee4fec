"""Which topics are the same ones: their ids, and those of a broker with a journal.

A broker that keeps a journal makes its topics anew at each start, of the same
records; the id of its cluster says so.
"""

JOURNAL = "signal-tracker-journal-"


def cluster_id_of(journal: str, start: int) -> str:
    """Return the cluster id of one start of a journal's broker.

    >>> cluster_id_of("5f", 3)
    'signal-tracker-journal-5f-3'
    """
    return f"{JOURNAL}{journal}-{start}"


def source_id(cluster_id: str | None, topic_id: str) -> str:
    """Return what stands for a topic beside offsets: its id, and the start of a journal.

    >>> source_id("prod", "a1"), source_id("signal-tracker-journal-5f-3", "a1")
    ('a1', 'signal-tracker-journal-5f-3/a1')
    """
    return f"{cluster_id}/{topic_id}" if (cluster_id or "").startswith(JOURNAL) else topic_id


def is_later_start(stored: str, found: str) -> bool:
    """Say whether `found` is of a later start of the journal that `stored` is of.

    >>> old, new = "signal-tracker-journal-5f-3/a1", "signal-tracker-journal-5f-4/b2"
    >>> is_later_start(old, new), is_later_start(new, old), is_later_start("a1", new)
    (True, False, False)
    """
    before, after = _start(stored), _start(found)
    return before is not None and after is not None and _continues(before, after)


def is_same_source(stored: str, found: str) -> bool:
    """Say whether both are of the same topic, or of a journal's topic at two starts."""
    before, after = _start(stored), _start(found)
    if before is None or after is None:
        return stored == found
    return before[0] == after[0]


def _continues(before: tuple[str, int], after: tuple[str, int]) -> bool:
    return before[0] == after[0] and before[1] < after[1]


def _start(text: str) -> tuple[str, int] | None:
    journal, _, start = text.removeprefix(JOURNAL).partition("/")[0].rpartition("-")
    if not text.startswith(JOURNAL) or not start.isdecimal():
        return None
    return journal, int(start)
