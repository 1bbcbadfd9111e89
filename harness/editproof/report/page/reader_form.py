"""The form in which a human reader rates images, offline: one file, no address to fetch from, nothing that unblinds."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from markupsafe import Markup

from editproof.report.page.environment import environment, source


@dataclass(frozen=True)
class FormImage:
    """One image of a form, in its place.

    Attributes
    ----------
    code : str
        By which the answers name it; it says nothing of case or arm.
    sitting : int
    png : bytes
    """

    code: str
    sitting: int
    png: bytes = field(repr=False)


@dataclass(frozen=True)
class FormQuestion:
    """One question of a form.

    Attributes
    ----------
    quantity, text : str
    least, most : float
        Ends of the scale.
    step : float or None
    scale : str
        The scale in words.
    grades : tuple of (float, str)
        Every grade with its label, where they are shown as buttons; empty where a number is typed.
    """

    quantity: str
    text: str
    least: float
    most: float
    step: float | None
    scale: str
    grades: tuple[tuple[float, str], ...] = ()


def reader_form(
    study: str, reader: str, images: Sequence[FormImage], questions: Sequence[FormQuestion], instructions: str = ""
) -> str:
    """The form of one reader as one HTML file, byte for byte equal for equal content.

    Answers stay in the reader's browser until they are saved as CSV, in the layout of the reader's sheet.

    Parameters
    ----------
    study : str
        Mark of the study that the answers carry.
    reader : str
    images : sequence of FormImage
        In the order in which the reader meets them.
    questions : sequence of FormQuestion
    instructions : str
        Shown above the first image.
    """
    script = source("reader_form.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shown = [{"code": image.code, "sitting": image.sitting, "src": _address(image.png)} for image in images]
    data = {
        "study": study, "reader": reader, "images": shown, "questions": [asdict(question) for question in questions],
    }  # fmt: skip
    return (
        environment()
        .get_template("reader_form.html.j2")
        .render(
            reader=reader,
            questions=questions,
            instructions=instructions,
            n=len(images),
            sittings=max((image.sitting for image in images), default=1),
            data=data,
            style=Markup(source("reader_form.css")),
            script=Markup(script),
            script_digest=digest,
        )
    )


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
