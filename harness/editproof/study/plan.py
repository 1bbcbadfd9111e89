"""What is asked of every tool; fixed before the first edit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from editproof.imaging.axes import ZYX, axes_of
from editproof.imaging.output import SAME, OutputGeometry, output_of
from editproof.study.study_file import StudyFile
from editproof.types import JSON, Case, EditRequest, Pixels


@dataclass(frozen=True)
class Plan:
    """What is asked of every tool; fixed before the first edit.

    Attributes
    ----------
    prompt : str
        What tools that take words are told of every case that has no words of its own.
    repeats : int
        Edits requested per case.
    seed : int
        Root of every edit's seed, for tools that take one.
    parameters : mapping
        Further values that go to every tool with each request; those of a case take their place.
    output : str
        Geometry of the edits: ``same``, ``x2``, ``512x384``; see :mod:`editproof.imaging.output`.

    Raises
    ------
    ProtocolError
        Where there is no such geometry.
    """

    prompt: str = ""
    repeats: int = 3
    seed: int = 0
    parameters: Mapping[str, JSON] = field(default_factory=dict)
    output: str = SAME

    def __post_init__(self) -> None:
        """Write the geometry in one way."""
        object.__setattr__(self, "output", str(output_of(self.output)))

    @property
    def geometry(self) -> OutputGeometry:
        """The declared geometry of edits."""
        return output_of(self.output)

    @classmethod
    def of(
        cls,
        study: StudyFile,
        *,
        prompt: str | None = None,
        repeats: int | None = None,
        seed: int | None = None,
        output: str | None = None,
    ) -> Plan:
        """The plan of a study file; what is given takes the place of what it says."""
        given: dict[str, Any] = {
            "prompt": study.prompt if prompt is None else prompt,
            "repeats": study.repeats if repeats is None else repeats,
            "seed": study.seed if seed is None else seed,
            "output": study.output if output is None else output,
        }
        return cls(parameters=study.parameters, **{name: told for name, told in given.items() if told is not None})

    def request(self, case: Case, pixels: Pixels, repeat: int) -> EditRequest:
        """The request of one repeat of one case."""
        name = f"{self.seed}:{case.case_id}:{repeat}".encode()
        seed = int.from_bytes(hashlib.sha256(name).digest()[:4], "big")
        prompt, parameters = case.prompt or self.prompt, {**self.parameters, **case.parameters}
        output = self.geometry.asked(pixels.image.shape)
        spacing = case.spacing_mm if axes_of(pixels.image.shape) == ZYX else None
        return EditRequest(
            pixels.image, pixels.edit_mask, prompt, repeat, seed, case.case_id, parameters, output, spacing
        )
