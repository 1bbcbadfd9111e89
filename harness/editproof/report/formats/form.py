"""A form of report: a pure function from the evidence, and what its file needs beside it, to the bytes of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from editproof.evidence.record import Evidence
    from editproof.report.formats.certificate import Signature


@dataclass(frozen=True)
class Beside:
    """What is known of a run beside its evidence.

    Attributes
    ----------
    images : bool
        False leaves every pixel of a medical image out.
    signature : Signature, optional
        Of the run; the caller has checked it.
    digests : mapping of str to str
        The sha256 (hex) of each file of the run's folder, by name.
    suffix : str
        Ending of the file that was asked for, e.g. ``".pdf"``; empty where none was named.
    """

    images: bool = True
    signature: Signature | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


Rendering: TypeAlias = "Callable[[Evidence, Beside], bytes]"


@dataclass(frozen=True)
class Form:
    """One form of report, known by its name to ``editproof report --format``.

    Attributes
    ----------
    name : str
    suffix : str
        What the file's name has after that of the run.
    render : callable
        From an :class:`~editproof.evidence.record.Evidence` and a :class:`Beside` to the bytes of the file. Equal
        evidence gives equal bytes.
    joined : callable, optional
        From the texts of several runs to one; only of text. A form that has it is printed where no file is named.

    Examples
    --------
    An own form, as an installed package declares it under the entry point group ``editproof.forms``:

    >>> one_word = Form("one-word", ".txt", lambda evidence, beside: evidence.outcome.value.encode())
    """

    name: str
    suffix: str
    render: Rendering
    joined: Callable[[Sequence[str]], str] | None = None

    @property
    def is_printed(self) -> bool:
        """Whether the command line prints it if no file is named."""
        return self.joined is not None
