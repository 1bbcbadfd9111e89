"""The wheel and its environments, for the tests of this folder."""

from tests.doors.outside import outside, run_outside

__all__ = ["outside", "run_outside"]
