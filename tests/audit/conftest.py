"""One signed bundle for every test, and a memory for estimates: equal tables give equal ones, so each is made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from editproof.audit.publication import Signer, deliver
from editproof.criteria.estimand import Estimand
from editproof.evidence.record import Evidence
from editproof.stats.gaffke import GAFFKE

from tests.audit import study

MEANING = "approval of this report"


@pytest.fixture(scope="package", autouse=True)
def remembered() -> Iterator[None]:
    known: dict[object, object] = {}
    estimate = Estimand.estimate

    def once(self, measurements, confidence=0.90, limits=GAFFKE):
        if self.spec is None:
            return estimate(self, measurements, confidence, limits)
        tables = (measurements.cases, measurements.rows, measurements.edits)
        content = tuple(int(pd.util.hash_pandas_object(table).sum()) for table in tables)
        said = measurements.editor, measurements.stratum, measurements.deterministic
        key = (repr(self), content, *said, confidence, limits)
        if key not in known:
            known[key] = estimate(self, measurements, confidence, limits)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Estimand, "estimate", once)
        yield


@pytest.fixture(scope="package")
def run(remembered) -> Evidence:
    return study.locked(study.evidence())


@pytest.fixture(scope="package")
def keys(tmp_path_factory) -> dict[str, Path]:
    """Key files by kind, private and public."""
    folder = tmp_path_factory.mktemp("keys")
    found = {}
    for name, key in (
        ("ed25519", ed25519.Ed25519PrivateKey.generate()),
        ("p256", ec.generate_private_key(ec.SECP256R1())),
        ("p384", ec.generate_private_key(ec.SECP384R1())),
    ):
        plain = serialization.NoEncryption()
        found[name], found[f"{name}.pub"] = folder / f"{name}.pem", folder / f"{name}.pub.pem"
        found[name].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        found[f"{name}.pub"].write_bytes(public)
    return found


@pytest.fixture(scope="package")
def unsigned(run, tmp_path_factory) -> Path:
    return deliver(run, tmp_path_factory.mktemp("unsigned")).parent


@pytest.fixture(scope="package")
def signed(run, keys, tmp_path_factory) -> Path:
    signer = Signer(keys["ed25519"], "Dr. A. Example", MEANING)
    return deliver(run, tmp_path_factory.mktemp("signed"), signer=signer).parent
