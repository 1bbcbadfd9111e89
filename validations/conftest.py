"""The fixtures of these suites under short names, also where they are run as an installed package."""

from editproof.pytest_plugin.fixtures import judge, study

__all__ = ["judge", "study"]
