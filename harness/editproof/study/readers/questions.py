"""What readers are asked of every image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from editproof.core import records
from editproof.core.declared import Line, Number, Wanted, closed
from editproof.core.numbers import shortest
from editproof.errors import ProtocolError

MOST_GRADES = 12
"""Grades that a form shows as buttons; a scale of more is a number that is typed."""
TOLERANCE = 1e-9

Step = Annotated[float, Wanted("a positive number", lambda value: 0 < value < float("inf"))]


@closed
@dataclass(frozen=True)
class Question:
    """One question with its scale.

    Attributes
    ----------
    quantity : str
        Name under which the answers are judged, e.g. ``"nodule"``.
    text : str
        As the reader reads it.
    least, most : float
        Ends of the scale.
    step : float, optional
        Where the scale has grades: the distance of two of them.
    unit : str
    labels : mapping of str to str
        Words for some of the grades, ``{"0": "surely none"}``.
    """

    quantity: Line
    text: Line
    least: Number
    most: Number
    step: Step | None = None
    unit: Line = "points"
    labels: Mapping[str, Line] = field(default_factory=dict)

    @property
    def grades(self) -> tuple[float, ...]:
        """Every grade, where there are few enough to choose from; else nothing."""
        if self.step is None or (n := self._steps + 1) > MOST_GRADES:
            return ()
        return tuple(round(self.least + i * self.step, 9) for i in range(n))

    @property
    def _steps(self) -> int:
        assert self.step is not None
        return round((self.most - self.least) / self.step)

    @property
    def scale(self) -> str:
        """The scale in words.

        Examples
        --------
        >>> Question("quality", "How good?", 0.0, 4.0, 1.0).scale
        'from 0 to 4 in steps of 1'
        """
        steps = "" if self.step is None else f" in steps of {shortest(self.step).removesuffix('.0')}"
        return f"from {shortest(self.least).removesuffix('.0')} to {shortest(self.most).removesuffix('.0')}{steps}"

    def takes(self, value: float) -> bool:
        """Whether a number is on the scale.

        Examples
        --------
        >>> quality = Question("quality", "How good?", 0.0, 4.0, 0.5)
        >>> quality.takes(2.5), quality.takes(2.6), quality.takes(5.0)
        (True, False, False)
        """
        if not self.least - TOLERANCE <= value <= self.most + TOLERANCE:
            return False
        if self.step is None:
            return True
        places = (value - self.least) / self.step
        return abs(places - round(places)) < 1e-6


@closed
@dataclass(frozen=True)
class QuestionFile:
    """What a file of questions holds."""

    question: Annotated[tuple[Question, ...], Wanted("one [[question]] or more", bool)]
    instructions: str = ""


_ADVICE = 'Write [[question]] with quantity = "nodule", text = "...", least = 0, most = 100.'


def read_questions(path: Path) -> QuestionFile:
    """The questions of a TOML file.

    Raises
    ------
    ProtocolError
        Where it cannot be read, a scale has no two ends in order or no whole number of steps, or a quantity is asked
        for twice.
    """
    asked = f"questions {path}"
    found = records.toml_of(path, asked, _ADVICE, ProtocolError)
    made = records.from_plain(QuestionFile, _with_floats(found), asked, _ADVICE, ProtocolError)
    for question in made.question:
        steps = 1.0 if question.step is None else (question.most - question.least) / question.step
        if not question.least < question.most or abs(steps - round(steps)) > 1e-6:
            raise ProtocolError(
                asked, f"{question.quantity} has a scale {question.scale}", "Mend its ends or its step."
            )
    names = [question.quantity for question in made.question]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ProtocolError(asked, f"{twice[0]} is asked for twice", "Ask for each quantity once.")
    if taken := sorted(set(names) & {"study", "place", "sitting", "image"}):
        raise ProtocolError(asked, f"a quantity is called {taken[0]!r}, as a column of the sheet is", "Rename it.")
    return made


def _with_floats(found: object) -> object:
    """The same with whole numbers of a TOML file as numbers."""
    if isinstance(found, Mapping):
        return {name: _with_floats(value) for name, value in found.items()}
    if isinstance(found, list):
        return [_with_floats(value) for value in found]
    return float(found) if isinstance(found, int) and not isinstance(found, bool) else found
