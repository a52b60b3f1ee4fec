"""What the environment says beside the options; the only reader of it but `cli`.

The command line puts the settings on the click context: a command takes them
with `click.pass_obj` and hands plain arguments on.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from schemas.cluster import Secret
from schemas.topics import DEFAULT_PARTITIONS
from signal_tracker.options import DEFAULT_BROKER, DEFAULT_DATA, ENV_PREFIX
from signal_tracker.security import variables_of, without_security

_FALSE = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The environment of one process, read once."""

    broker: str = DEFAULT_BROKER
    data: Path = DEFAULT_DATA
    prefix: str = ""
    partitions: int = DEFAULT_PARTITIONS
    llm_force_fallback: bool = False
    llm_base_url: str = ""
    llm_api_key: str = field(default="", repr=False)
    llm_model: str = ""
    security: Mapping[str, Secret] = field(default_factory=dict)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Return the settings of these variables.

        >>> Settings.from_env({"LLM_FORCE_FALLBACK": "1"}).llm_force_fallback
        True
        """
        own = {
            name.removeprefix(ENV_PREFIX).lower(): value
            for name, value in environ.items()
            if name.startswith(ENV_PREFIX) and value
        }
        return cls(
            broker=own.get("broker", DEFAULT_BROKER),
            data=Path(own.get("data", DEFAULT_DATA)),
            prefix=own.get("prefix", ""),
            partitions=_whole(own.get("partitions"), DEFAULT_PARTITIONS),
            llm_force_fallback=_flag(environ.get("LLM_FORCE_FALLBACK", "")),
            llm_base_url=environ.get("LLM_BASE_URL") or environ.get("OPENAI_BASE_URL", ""),
            llm_api_key=(environ.get("LLM_API_KEY") or environ.get("OPENAI_API_KEY", "")).strip(),
            llm_model=environ.get("LLM_MODEL", ""),
            security=variables_of(environ),
        )


def plain_environ() -> dict[str, str]:
    """Return this process's environment for children whose broker has no security."""
    return without_security(os.environ)


def _flag(text: str) -> bool:
    return text.strip().lower() not in _FALSE


def _whole(text: str | None, default: int) -> int:
    # the option of the same variable says what is wrong with a bad number
    return int(text) if text is not None and text.isdigit() else default
