"""What makes the tools and instruments of a study, in whatever process it finds itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from editproof.editors.registry import EditorFactory, editor_from_spec
from editproof.errors import EditorError
from editproof.instruments.registry import instrument_from_spec
from editproof.types import Editor, EditorCard, Instrument


@dataclass(frozen=True)
class EditorSupplier:
    """Makes the editor of a specification, in whatever process it finds itself."""

    spec: str
    extra: tuple[tuple[str, EditorFactory], ...] = ()
    allow_egress: tuple[str, ...] = ()

    def __call__(self) -> Editor:
        """The editor; one that would send pixels to a host that was not named is refused."""
        return editor_from_spec(self.spec, dict(self.extra), allow_egress=self.allow_egress)


@dataclass(frozen=True)
class InstrumentSupplier:
    """Makes an instrument of a specification, in whatever process it finds itself."""

    spec: str
    allow_egress: tuple[str, ...] = ()
    trusted: bool = False

    def __call__(self) -> Instrument:
        """The instrument; its weights are read when it first reads an image."""
        return instrument_from_spec(self.spec, allow_egress=self.allow_egress, trusted=self.trusted)


def check_named_apart(cards: Iterable[EditorCard]) -> None:
    """Refuse two tools of one name, which a report could not tell apart.

    Raises
    ------
    EditorError
    """
    for name, count in Counter(card.name for card in cards).items():
        if count > 1:
            advice = "Name each tool once, or otherwise: NAME=SPEC."
            raise EditorError(f"--editor {name}", f"{count} tools go by that name", advice)
