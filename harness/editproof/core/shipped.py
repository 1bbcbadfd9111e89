"""Where suites, phantoms and models are: in the installed package, or at the top of the repository.

The build maps the folders into the package (``pyproject.toml``); a checkout, editable or on the path, has them once, at
the top of the repository. The packages ``editproof.suites``, ``editproof.phantoms`` and ``editproof.models`` look here
for what they hold, so that one name is right in both.
"""

from __future__ import annotations

from pathlib import Path

TOP = {"suites": "validations", "phantoms": "fixtures", "models": "models"}
"""Parts of the package by name, and the folder of the repository that each of them is."""

_PACKAGE = Path(__file__).parents[1]


def shipped_folder(part: str) -> Path:
    """The folder of a part.

    Parameters
    ----------
    part : str
        ``"suites"``, ``"phantoms"`` or ``"models"``.

    Examples
    --------
    >>> (shipped_folder("suites") / "study.toml").is_file()
    True
    """
    in_checkout = _PACKAGE.parents[1] / TOP[part]
    return in_checkout if _PACKAGE.parent.name == "harness" and in_checkout.is_dir() else _PACKAGE / part


def shipped_suites() -> tuple[str, ...]:
    """The names of the suites that ship with the package.

    Examples
    --------
    >>> "removal" in shipped_suites()
    True
    """
    return tuple(sorted(path.parent.name for path in shipped_folder("suites").glob("*/__init__.py")))


def shipped_suite(name: str) -> str:
    """The import name of a suite that ships with the package; empty where no suite goes by that name, or a path does.

    Examples
    --------
    >>> shipped_suite("removal"), shipped_suite("tests/")
    ('editproof.suites.removal', '')
    """
    is_suite = name.isidentifier() and (shipped_folder("suites") / name / "__init__.py").is_file()
    return f"editproof.suites.{name}" if is_suite and not Path(name).exists() else ""
