"""The small study of the plug-in's tests, to be attacked."""

from tests.plugin.conftest import lab

__all__ = ["lab"]
