"""The environment of a process."""

from pathlib import Path

import pytest

from signal_tracker.settings import Settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_env({}) == Settings()


def test_an_empty_variable_counts_as_absent() -> None:
    assert Settings.from_env({"SIGNAL_TRACKER_BROKER": "", "LLM_BASE_URL": ""}) == Settings()


def test_variables_become_fields() -> None:
    settings = Settings.from_env(
        {
            "SIGNAL_TRACKER_BROKER": "kafka:9092",
            "SIGNAL_TRACKER_DATA": "elsewhere",
            "SIGNAL_TRACKER_PREFIX": "p.",
            "SIGNAL_TRACKER_PARTITIONS": "4",
            "OPENAI_BASE_URL": "http://localhost:1/v1",
            "LLM_MODEL": "m",
        }
    )

    assert settings == Settings(
        broker="kafka:9092",
        data=Path("elsewhere"),
        prefix="p.",
        partitions=4,
        llm_base_url="http://localhost:1/v1",
        llm_model="m",
    )


@pytest.mark.parametrize(
    ("text", "forced"), [("1", True), ("true", True), ("0", False), ("No", False), ("", False)]
)
def test_the_fallback_is_forced_by_any_word_of_yes(text: str, forced: bool) -> None:
    assert Settings.from_env({"LLM_FORCE_FALLBACK": text}).llm_force_fallback is forced


def test_the_key_never_shows_where_settings_are_printed() -> None:
    assert "hunter2" not in repr(Settings.from_env({"LLM_API_KEY": "hunter2"}))
