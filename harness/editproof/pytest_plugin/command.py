"""What ``editproof run`` and its like add to pytest: the fixtures under short names, in any repository."""

from editproof.pytest_plugin.fixtures import judge, study

__all__ = ["judge", "study"]
