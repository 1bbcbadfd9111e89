"""Pseudonyms of patients and images of a DICOM cohort, which nobody can resolve without the cohort.

A pseudonym is an HMAC-SHA256 of the identifier. Its key is by default made from the bytes of all DICOM files of the
cohort: equal on every machine that holds the cohort, so that two images of one patient share a name and a study can be
repeated, and unknown to whoever holds only evidence or report, so that names cannot be tried out. It changes when a
file is added; a key file keeps the names of a growing cohort.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from editproof.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Iterable

LEAST_KEY_BYTES = 16


@dataclass(frozen=True)
class Pseudonyms:
    """The names under one key; the key is shown by no ``repr``."""

    key: bytes = field(repr=False)

    def of(self, kind: str, *identifier: str) -> str:
        """The name of a thing of some kind, such as ``patient-4f1c2a90d3b7e655``.

        Examples
        --------
        >>> names = Pseudonyms(b"sixteen bytes ok")
        >>> names.of("patient", "DOE^JANE") == names.of("patient", "DOE^JANE") != names.of("patient", "DOE^JOHN")
        True
        """
        message = "\0".join((kind, *identifier)).encode()
        return f"{kind}-{hmac.new(self.key, message, hashlib.sha256).hexdigest()[:16]}"


def pseudonyms(file_digests: Iterable[str], key_file: Path | None = None) -> Pseudonyms:
    """The names of a cohort, under the key in a file or else under one made from the digests of all its files.

    Raises
    ------
    DatasetError
        Where the key file cannot be read, or is too short to be a secret.
    """
    if key_file is None:
        return Pseudonyms(hashlib.sha256("\n".join(["editproof pseudonyms", *sorted(file_digests)]).encode()).digest())
    try:
        key = key_file.expanduser().read_bytes().strip()
    except OSError as error:
        advice = "Make one: openssl rand -hex 32 > FILE, and keep it where the images are."
        raise DatasetError("the key of the pseudonyms", f"it cannot be read ({error.strerror})", advice) from error
    if len(key) < LEAST_KEY_BYTES:
        found = f"{len(key)} bytes, a key has at least {LEAST_KEY_BYTES}"
        raise DatasetError("the key of the pseudonyms", found, "Make one: openssl rand -hex 32 > FILE.")
    return Pseudonyms(key)
