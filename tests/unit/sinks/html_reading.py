"""A page as its readers get it: well-formed or refused, its text, ids and references."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"meta", "input", "br", "hr", "img", "link"})
# Written with a slash at the end, as XML has it.
_SHAPES = frozenset({"line", "path", "circle", "rect"})
_UNSEEN = frozenset({"style", "script"})


@dataclass
class Page(HTMLParser):
    """What a page holds; an unbalanced tag is an error."""

    open_tags: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SHAPES, tag
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open_tags, f"nothing is open where {tag} ends"
        opened = self.open_tags.pop()
        assert opened == tag, f"expected the end of {opened}, was {tag}"

    def handle_data(self, data: str) -> None:
        if not _UNSEEN & set(self.open_tags[-1:]):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def values(self, name: str) -> list[str]:
        """Every value of an attribute, in order."""
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def read(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    assert page.open_tags == []
    return page
