"""The rules of the house that a program can check."""

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from signal_tracker.cli import COMMANDS, LATER

ROOT = Path(__file__).parents[1]
PACKAGES = ("signal_tracker", "producers", "streams", "schemas", "sinks")
MAX_LINES = 300

# who may read the environment, and who may talk to the broker
ENVIRON = {"signal_tracker/settings.py", "signal_tracker/cli.py"}
KAFKA = {
    "producers/publisher.py",
    "sinks/compression.py",
    "sinks/fetching.py",
    "sinks/hearing.py",
    "sinks/worker.py",
}
SHELL = (
    "app",
    "agents",
    "away",
    "recovery_order",
    "shelf_tables",
    "tables",
    "codecs",
    "transport",
    "fetching",
    "lease",
    "run",
    "told_epochs",
)
FAUST = {f"streams/{name}.py" for name in SHELL}


def committed_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.decode().split("\0") if (path := ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_import_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ}
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_other_distribution_provides_our_names() -> None:
    providers = packages_distributions()

    for name in PACKAGES:
        others = set(providers.get(name, ())) - {"signal-tracker", "signal_tracker"}
        assert not others, f"{name}: expected signal-tracker alone, was {others}"


def test_no_module_of_ours_hides_one_of_the_standard_library() -> None:
    assert not {path.stem for path in ROOT.glob("*.py")} & sys.stdlib_module_names
    assert not set(PACKAGES) & sys.stdlib_module_names


@pytest.mark.parametrize("path", modules(), ids=named)
def test_only_settings_and_cli_read_the_environment(path: Path) -> None:
    reads = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"})
        or (isinstance(node, ast.alias) and node.name in {"environ", "getenv", "environb"})
    ]

    assert not reads or named(path) in ENVIRON, f"line {reads}: pass it as an argument"


@pytest.mark.parametrize("path", modules(), ids=named)
def test_brokers_are_met_only_where_they_may_be(path: Path) -> None:
    found, name = imported(path), named(path)

    if "kafka" in found:
        assert name in KAFKA or name.startswith("signal_tracker/")
    if found & {"faust", "mode", "aiokafka"}:
        assert name in FAUST
    if "sqlite3" in found:
        assert name.startswith(("sinks/sqlite", "signal_tracker/"))


@pytest.mark.parametrize("path", [*modules(), *sorted((ROOT / "tests").rglob("*.py"))], ids=named)
def test_a_file_has_at_most_300_lines_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()

    assert text.count("\n") <= MAX_LINES
    assert ast.get_docstring(ast.parse(text)), "expected a module docstring, was none"


@pytest.mark.parametrize("path", modules(), ids=named)
def test_every_package_folder_is_a_package(path: Path) -> None:
    assert (path.parent / "__init__.py").exists()


def test_the_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text()

    for name in COMMANDS:
        assert re.search(rf"^### `{name}\b", readme, re.MULTILINE), f"{name}: no section"
    for name in LATER:
        assert f"`{name}`" in readme, f"{name}: not named as coming later"


def test_every_command_is_there_and_every_option_has_its_variable() -> None:
    from click import Group, Option

    from signal_tracker.cli import cli

    context = cli.make_context("signal-tracker", ["status"])
    pending = [cli.get_command(context, name) for name in COMMANDS]
    while pending:
        command = pending.pop()
        assert command is not None
        if isinstance(command, Group):
            pending.extend(command.commands.values())
        for param in command.params:
            if isinstance(param, Option) and not param.hidden:
                assert str(param.envvar).startswith("SIGNAL_TRACKER_"), (command.name, param.name)


def test_the_readme_names_every_option() -> None:
    from click import Group, Option

    from signal_tracker.cli import cli

    readme = (ROOT / "README.md").read_text()
    context = cli.make_context("signal-tracker", ["status"])
    for name in COMMANDS:
        command = cli.get_command(context, name)
        section = readme.partition(f"\n### `{name}")[2].partition("\n### `")[0]
        subs = list(command.commands.values()) if isinstance(command, Group) else [command]
        for sub in subs:
            for param in sub.params:
                if isinstance(param, Option) and not param.hidden:
                    assert f"`{param.opts[0]}" in section, f"{name}: {param.opts[0]} is not told"


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\nfrom signal_tracker.cli import run\nrun(['--help'])\n"
        "heavy = {'pandas', 'numpy', 'kafka', 'faust', 'fastavro', 'pyarrow', 'sqlite3'}\n"
        "sys.exit(','.join(heavy & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_every_kafka_client_is_given_its_security_with_its_address() -> None:
    parts = ("producers", "schemas", "signal_tracker", "sinks", "streams")
    files = [path for part in parts for path in sorted((ROOT / part).rglob("*.py"))]

    found = [named(path) for path in files if "bootstrap_servers" in path.read_text()]

    assert found == ["schemas/cluster.py"]


def test_no_committed_file_names_a_machine_or_a_registry() -> None:
    here = Path(__file__)
    forbidden = re.compile(
        rb"/(?:work|root)/|/home/[a-z]|/Users/[A-Za-z]|(?:index|find-links|trusted-host)[-_]?url?\s*[=:]"
        rb"|pypi\.org|pythonhosted|docker\.io/|BEGIN [A-Z ]*PRIVATE KEY"
    )
    for path in committed_files():
        if path != here and path.suffix not in {".parquet", ".png"}:
            match = forbidden.search(path.read_bytes())
            assert not match, f"{named(path)}: {match}"


def test_the_locks_are_hashed_and_name_no_index() -> None:
    for path in sorted(ROOT.glob("requirements*.txt")):
        lines = path.read_text().splitlines()
        assert not [line for line in lines if line.startswith("-") or "://" in line]
        pins = [n for n, line in enumerate(lines) if re.match(r"[a-z0-9].*==", line)]
        assert pins
        assert all("--hash=sha256:" in lines[n + 1] for n in pins)


def test_consumers_are_opened_where_every_compression_is_read() -> None:
    opening = {
        named(path) for path in modules() if re.search(r"\bKafkaConsumer\(", path.read_text())
    }

    assert opening == {"signal_tracker/consumers.py", "sinks/worker.py"}
    assert all("    read_every_compression()\n" in (ROOT / each).read_text() for each in opening)
