"""Errors a user can act on: what was asked, what was found, what to do."""

from __future__ import annotations


class EditproofError(Exception):
    """Base of every error that this package raises on purpose.

    Parameters
    ----------
    asked : str
        What was asked for.
    found : str
        What was found instead.
    advice : str, optional
        What to do about it.
    """

    def __init__(self, asked: str, found: str, advice: str = "") -> None:
        self.asked, self.found, self.advice = asked, found, advice
        super().__init__(asked, found, advice)

    def __str__(self) -> str:
        """One line for a terminal."""
        advice = f" {self.advice}" if self.advice else ""
        return f"{self.asked}: {self.found}.{advice}"


class DatasetError(EditproofError):
    """A cohort cannot be read as it is."""


class EditorError(EditproofError):
    """An editing tool cannot be found, loaded or used."""


class InstrumentError(EditproofError):
    """A predictor cannot be loaded or gave something other than it declares."""


class MetricError(EditproofError):
    """A metric cannot be computed, or gave something other than it declares."""


class ProtocolError(EditproofError):
    """A criterion, estimand or protocol contradicts itself."""


class EvidenceError(EditproofError):
    """Evidence on disk is missing, damaged or of another schema."""
