"""Where policies come from: the presets that ship with the product, or a user's TOML file."""

from importlib.resources import files
from pathlib import Path

from schemas.policy import PolicyVersions
from streams.policy_tables import PolicyError, meant
from streams.policy_text import parse_policy

__all__ = ["PRESETS", "PolicyError", "load_policy", "parse_policy"]

MAX_BYTES = 1_000_000
PRESETS = ("tracker", "mvs", "prs", "monetization")


def load_policy(name_or_file: str) -> PolicyVersions:
    """Return the versions of a preset, or of a TOML file; raise PolicyError if it is neither."""
    if name_or_file in PRESETS:
        value = (files("streams") / "policies" / f"{name_or_file}.toml").read_bytes()
    else:
        value = _file(name_or_file)
    try:
        # an editor of Windows begins a file with a mark that TOML does not know
        text = value.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = value.count(b"\n", 0, error.start) + 1
        msg = f"{name_or_file}:{line}: expected UTF-8, was the byte 0x{value[error.start]:02x}"
        raise PolicyError(msg) from None
    return parse_policy(text, name_or_file)


def _file(name: str) -> bytes:
    try:
        with Path(name).open("rb") as file:
            value = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        hint = f" ({meant(name, PRESETS)})" if meant(name, PRESETS) else ""
        msg = f"policy {name!r}: expected {', '.join(PRESETS)} or a TOML file{hint}: {error}"
        raise PolicyError(msg) from None
    if len(value) > MAX_BYTES:
        msg = f"policy {name!r}: expected at most {MAX_BYTES} bytes"
        raise PolicyError(msg)
    return value
