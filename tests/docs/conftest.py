"""The wheel and its environments, for pages whose commands run."""

from tests.doors.outside import outside

__all__ = ["outside"]
