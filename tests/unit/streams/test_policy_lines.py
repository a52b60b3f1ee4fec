"""Where values stand in a TOML text: every one that tomllib reads has its line."""

import json
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.policy_lines import KeyPath, Lines

HARD = r'''# [[version]] in a comment
name = "a # b" # [x]
"quoted key" = 'it"'
long = """
[[version]]
key = "no key" \""" ""
end"""""
literal = \'\'\'
x = 1
'\'\'\'
a.b . "c.d" = { e = [ 1 ,
  2 ], f = "}" }

[[version]]
  starts = 2024-01-01 10:00:00Z
  list = [
    # a comment ]
    "a, ]",
    [ 1.5e3, { deep = true } ],

    \'\'\'
two lines\'\'\', 3,
  ]
[[version.check]]
  name = 1
[ version . "paper" ]
	capital = 10_000
[[ version ]] # another
screen = []
"\u006eame" = inf
[[version.check]]
[[version.check]]
name = """"two" """
op = """"""
'bare' = ""
[version.paper.sub.table]
z = ""'''.replace("\\'", "'")


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(each, (*path, key))


@pytest.mark.parametrize("text", [HARD, HARD.replace("\n", "\r\n"), "", "\n# nothing"])
def test_every_value_has_a_line(text: str) -> None:
    assert set(Lines(text)._lines) == set(paths(tomllib.loads(text)))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("name",), 'name = "a # b"'),
        (("quoted key",), '"quoted key"'),
        (("long",), 'long = """'),
        (("literal",), "literal ="),
        (("a", "b", "c.d"), "a.b . "),
        (("a", "b", "c.d", "e", 0), "a.b . "),
        (("a", "b", "c.d", "e", 1), "  2 ], f"),
        (("a", "b", "c.d", "f"), "  2 ], f"),
        (("version", 0), "[[version]]"),
        (("version", 0, "starts"), "  starts"),
        (("version", 0, "list", 0), '    "a, ]"'),
        (("version", 0, "list", 1, 1, "deep"), "    [ 1.5e3"),
        (("version", 0, "list", 2), "    '''"),
        (("version", 0, "list", 3), "two lines"),
        (("version", 0, "check", 0, "name"), "  name = 1"),
        (("version", 0, "paper"), "[ version "),
        (("version", 0, "paper", "capital"), "\tcapital"),
        (("version", 1), "[[ version ]]"),
        (("version", 1, "screen"), "screen = []"),
        (("version", 1, "name"), '"\\u006eame"'),
        (("version", 1, "check", 1, "bare"), "'bare'"),
        (("version", 1, "paper"), "[version.paper.sub"),
        (("version", 1, "paper", "sub", "table", "z"), "z ="),
    ],
)
def test_a_line_is_that_of_the_key(path: KeyPath, text: str) -> None:
    lines = HARD.split("\n")

    assert lines[Lines(HARD).of(path) - 1].startswith(text)
    # `[[version]]` stands in a text before it stands as a header
    assert path != ("version", 0) or Lines(HARD).of(path) == lines.index("[[version]]", 9) + 1


def test_what_is_not_there_has_the_line_of_the_table_that_would_hold_it() -> None:
    lines = Lines("a = 1\n\n[[b]]\nc = 2\n")

    assert lines.of(("b", 0, "check", 4, "name")) == lines.of(("b", 0)) == 3
    assert lines.of(("z",)) == 1


@pytest.mark.parametrize(
    "text", ["a = 1\n[b\nc", "a = 1\n[b]\n=", "a = 1\nb = [}", "a = 1\nb = {c"]
)
def test_a_text_that_is_no_toml_has_lines_as_far_as_it_goes(text: str) -> None:
    assert Lines(text).of(("a",)) == 1
    assert Lines(text).of(("b",)) == 2


class Writer:
    """Writes a document, and notes on which line it puts each value."""

    def __init__(self, draw: Callable[..., str]) -> None:
        self.text = ""
        self.lines: dict[KeyPath, int] = {(): 1}
        self._gap: Callable[[], str] = lambda: draw(
            st.sampled_from(["", " ", "\n", " # ], }\n\n", "\t"])
        )

    def write(self, document: dict[str, Any]) -> None:
        for key, value in document.items():
            self.text += self._gap()
            self._pair((key,), value)
            self.text += "\n"

    def _pair(self, path: KeyPath, value: Any) -> None:
        self._note(path)
        self.text += f"{json.dumps(path[-1])} = "
        self._value(path, value)

    def _value(self, path: KeyPath, value: Any) -> None:
        if isinstance(value, list):
            self.text += "["
            for at, each in enumerate(value):
                self.text += self._gap()
                self._note((*path, at))
                self._value((*path, at), each)
                self.text += f"{self._gap()},"
            self.text += f"{self._gap()}]"
        elif isinstance(value, dict):
            self.text += "{"
            for at, (key, each) in enumerate(value.items()):
                self.text += ", " if at else ""
                self._pair((*path, key), each)
            self.text += "}"
        else:
            self.text += json.dumps(value)

    def _note(self, path: KeyPath) -> None:
        self.lines[path] = self.text.count("\n") + 1


words = st.text(alphabet="ab.\"'#[]{},=\\\n é", max_size=6)
values = st.recursive(
    st.integers() | st.booleans() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(words, values, max_size=4), st.data())
def test_lines_are_those_on_which_values_were_written(
    document: dict[str, Any], data: st.DataObject
) -> None:
    writer = Writer(data.draw)
    writer.write(document)
    assert tomllib.loads(writer.text) == document

    assert Lines(writer.text)._lines == writer.lines
