"""Put generated text between the markers of a page."""

from pathlib import Path

BEGIN = "<!-- results: written by `python -m benchmarks.run --write-docs` -->"
END = "<!-- end of results -->"


def fill(path: Path, content: str) -> None:
    """Replace what stands between the markers of a file."""
    path.write_text(filled(path.read_text(), content))


def filled(page: str, content: str) -> str:
    """Return the page with other content between its markers; raise ValueError without them."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        msg = f"expected the markers {BEGIN!r} and {END!r}, was a page without them"
        raise ValueError(msg)
    return f"{head}{BEGIN}\n\n{content.strip()}\n\n{END}{tail}"
