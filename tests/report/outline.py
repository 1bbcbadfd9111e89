"""A page as a browser would take it apart: elements, attributes, and the words under each heading."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_HEADINGS = {"h1", "h2", "h3", "caption"}
_VOID = {"meta", "img", "input", "br", "use", "link"}


@dataclass
class Page(HTMLParser):
    """Parsed HTML: ``elements`` as (tag, attributes), ``headings`` in order, ``text`` outside style and script."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headings: list[tuple[str, str]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    @classmethod
    def of(cls, html: str) -> Page:
        page = cls()
        page.feed(html)
        page.close()
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)
        if tag in _HEADINGS:
            self.headings.append((tag, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("style", "script"):
            return
        self.words.append(data)
        if any(tag in _HEADINGS for tag in self.open):
            tag, text = self.headings[-1]
            self.headings[-1] = (tag, f"{text}{data}")

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def outline(self) -> str:
        depth = {"h1": 0, "h2": 1, "h3": 2, "caption": 3}
        return "".join(f"{'  ' * depth[tag]}{tag} {' '.join(text.split())}\n" for tag, text in self.headings)
