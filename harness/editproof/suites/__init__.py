"""The suites of ``validations/``, as they ship: ``pytest --pyargs editproof.suites.removal``."""

from editproof.core.shipped import shipped_folder

__path__ = [str(shipped_folder("suites"))]
