"""What a command imports, in a process of its own: a library that is not used costs its start."""

import subprocess
import sys
from pathlib import Path

import pytest

import signal_tracker
from signal_tracker import cli
from tests.unit.signal_tracker.databases import RISING, VERSION, bars, fill, on_paper, passed

LIBRARIES = (
    *("numpy", "pandas", "pyarrow", "faust", "mode", "aiokafka", "aiohttp", "asyncio", "kafka"),
    *("exchange_calendars", "fastavro", "orjson", "sqlite3"),
)
SUBCOMMANDS = [
    *(["publish", kind] for kind in ("signals", "ticks", "actions", "decisions")),
    *(["sink", kind] for kind in ("sqlite", "reports")),
    *(["topics", kind] for kind in ("list", "create")),
    ["events", "tail"],
    *(["dlq", kind] for kind in ("list", "show", "replay")),
]
WORDS: list[list[str]] = [[], *([each] for each in cli.COMMANDS), *SUBCOMMANDS]
HELPS = [[*words, "--help"] for words in WORDS]

ROOT = Path(signal_tracker.__file__).parents[1]

# One process for all words: what one of them imports is there for the next ones too, and is told
# with the words that brought it.
SCRIPT = """
import sys
from signal_tracker import cli
libraries, told = {libraries!r}, set()
for words in {all_words!r}:
    status = cli.run(words)
    new = [each for each in libraries if each in sys.modules and each not in told]
    told.update(new)
    print(words, status, *new, file=sys.stderr)
"""


def imported(*all_words: list[str]) -> list[str]:
    """Return one line for each list of words: status and the libraries that it brought."""
    script = SCRIPT.format(libraries=LIBRARIES, all_words=all_words)
    ran = subprocess.run(
        [sys.executable, "-c", script],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    return [line for line in ran.stderr.splitlines() if line.startswith("[")]


def test_no_help_imports_a_library() -> None:
    assert imported(*HELPS) == [f"{words} 0" for words in HELPS]


def test_the_words_hold_every_command() -> None:
    assert {words[0] for words in HELPS if len(words) > 1} == set(cli.COMMANDS)


@pytest.mark.parametrize("format_", ["text", "json", "csv", "html"])
def test_a_report_imports_what_reads_and_counts_rows(format_: str, tmp_path: Path) -> None:
    signals = passed(), on_paper(signal_id="on-paper")
    data = fill(tmp_path, VERSION, *bars(RISING), *signals)

    (line,) = imported(["report", *data, "--format", format_])

    status, *brought = line.rpartition("]")[2].split()
    assert status == "0"
    assert {*brought} <= {"numpy", "orjson", "sqlite3"}


def test_the_usual_calendars_come_without_their_library() -> None:
    script = (
        "import sys; from signal_tracker.checks import check_judging; "
        "check_judging('tracker', ()); print(*sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=ROOT
    )

    assert not {"exchange_calendars", "pandas"} & {*ran.stdout.split()}
