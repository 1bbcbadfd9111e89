"""What a bundle states about itself: an in-toto Statement with a test result, in a DSSE envelope, signed or not.

References
----------
in-toto Attestation Framework, Statement v1 and predicate test-result v0.1.
Dead Simple Signing Envelope (DSSE) v1, protocol and JSON envelope.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editproof.core.extras import need
from editproof.errors import EvidenceError
from editproof.types import JSON, Outcome

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey
    PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
PAYLOAD = "application/vnd.in-toto+json"
KINDS_OF_KEY = "Ed25519 or ECDSA P-256, as PEM"


@dataclass(frozen=True)
class Manifestation:
    """Who signed, when, and what the signature means, as the signer states it; part of what is signed.

    Attributes
    ----------
    public_key : str
        PEM of the key that checks the signature. It shows that nothing changed since; whose key it is, it cannot.
    """

    name: str
    time: str
    meaning: str
    public_key: str


def statement(
    result: str,
    digests: Mapping[str, str],
    tests: Mapping[str, str],
    protocol: str,
    reservations: Sequence[str] = (),
    manifestation: Manifestation | None = None,
) -> dict[str, JSON]:
    """The in-toto Statement on a bundle.

    Parameters
    ----------
    result : {"PASSED", "WARNED", "FAILED"}
    digests : mapping of str to str
        sha256 of every file of the bundle: the subjects.
    tests : mapping of str to str
        ``"PASSED"``, ``"WARNED"`` or ``"FAILED"`` by test id.
    protocol : str
        Digest of the protocol: the configuration of the run.
    reservations : sequence of str
        What limits the result, one sentence each.
    """
    predicate: dict[str, JSON] = {
        "result": result,
        "configuration": [{"name": "protocol", "digest": {"sha256": protocol}}],
        "passedTests": sorted(name for name, word in tests.items() if word == "PASSED"),
        "warnedTests": sorted(name for name, word in tests.items() if word == "WARNED"),
        "failedTests": sorted(name for name, word in tests.items() if word == "FAILED"),
    }
    if reservations:
        predicate["editproof_reservations"] = list(reservations)
    if manifestation is not None:
        predicate["editproof_signature"] = {
            "name": manifestation.name,
            "time": manifestation.time,
            "meaning": manifestation.meaning,
            "publicKey": manifestation.public_key,
        }
    return {
        "_type": STATEMENT,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(digests.items())],
        "predicateType": PREDICATE,
        "predicate": predicate,
    }


def result_of(outcome: Outcome, *, reservations: bool) -> str:
    """An outcome in the words of the predicate; a PASS with reservations is a warning."""
    if outcome is not Outcome.PASS:
        return "FAILED"
    return "WARNED" if reservations else "PASSED"


def manifestation_in(stated: JSON) -> Manifestation | None:
    """Who signed according to a statement; None where nobody did.

    Raises
    ------
    KeyError, TypeError
        Where it says so in another form.
    """
    said = stated["predicate"].get("editproof_signature")
    return None if said is None else Manifestation(said["name"], said["time"], said["meaning"], said["publicKey"])


def envelope(stated: Mapping[str, JSON], key: PrivateKey | None = None) -> dict[str, JSON]:
    """The DSSE envelope around a statement; ``signatures`` is empty without a key."""
    payload = json.dumps(stated, ensure_ascii=False, separators=(",", ":")).encode()
    signatures = []
    if key is not None:
        signature = {"keyid": key_id(key.public_key()), "sig": base64.b64encode(_signature(key, payload)).decode()}
        signatures.append(signature)
    return {"payloadType": PAYLOAD, "payload": base64.b64encode(payload).decode(), "signatures": signatures}


def statement_in(sealed: JSON) -> JSON:
    """The statement in an envelope.

    Raises
    ------
    EvidenceError
        Where it holds none.
    """
    try:
        stated = json.loads(base64.b64decode(sealed["payload"], validate=True))
        ours = (sealed["payloadType"], stated["_type"]) == (PAYLOAD, STATEMENT)
        if not ours or not isinstance(stated["predicate"], dict):
            raise ValueError("another type")
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceError("the attestation", f"it holds no in-toto Statement ({error})") from error
    return stated


def holds(sealed: JSON, key: PublicKey) -> bool:
    """Whether the envelope carries a signature that this key accepts."""
    payload = _encoded(base64.b64decode(sealed["payload"]))
    return any(_accepts(key, base64.b64decode(entry["sig"]), payload) for entry in sealed["signatures"])


def is_canonical(text: str) -> bool:
    """Whether a text is base64 without anything that a reader would skip.

    Examples
    --------
    >>> is_canonical("aGVsbG8="), is_canonical("aGVs bG8="), is_canonical("aGVsbG9=")
    (True, False, False)
    """
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        return False


def private_key(path: Path, password: bytes | None = None) -> PrivateKey:
    """The private key in a PEM file; it is read, used and forgotten.

    Raises
    ------
    EvidenceError
        Where it cannot be read, or is of another kind. Nothing of its content is ever shown.
    """
    serialization, kinds = _kinds()
    try:
        key: Any = serialization.load_pem_private_key(path.read_bytes(), password)
    except (OSError, ValueError, TypeError) as error:
        advice = "Set EDITPROOF_KEY_PASSWORD." if isinstance(error, TypeError) else f"Give {KINDS_OF_KEY}."
        raise EvidenceError(f"signing key {path}", f"it cannot be read ({type(error).__name__})", advice) from None
    return _known(key, kinds[0], path)  # type: ignore[no-any-return]


def public_key(pem: bytes, name: object = "in the bundle") -> PublicKey:
    """The public key in PEM text.

    Raises
    ------
    EvidenceError
        Where it is none, or of another kind.
    """
    serialization, kinds = _kinds()
    try:
        key: Any = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError) as error:
        raise EvidenceError(f"public key {name}", f"it cannot be read ({type(error).__name__})", KINDS_OF_KEY) from None
    return _known(key, kinds[1], name)  # type: ignore[no-any-return]


def pem_of(key: PublicKey) -> str:
    """A public key as PEM."""
    serialization, _ = _kinds()
    form, encoding = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.PEM
    return str(key.public_bytes(encoding, form).decode())


def key_id(key: PublicKey) -> str:
    """sha256 (hex) of a public key in DER, by which people can compare it."""
    serialization, _ = _kinds()
    form, encoding = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.Encoding.DER
    return hashlib.sha256(key.public_bytes(encoding, form)).hexdigest()


def _encoded(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding.

    Examples
    --------
    >>> _encoded(b"hello")
    b'DSSEv1 28 application/vnd.in-toto+json 5 hello'
    """
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)


def _signature(key: PrivateKey, payload: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ed25519

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(_encoded(payload))
    return key.sign(_encoded(payload), _ecdsa())


def _accepts(key: PublicKey, signature: bytes, encoded: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ed25519

    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, encoded)
        else:
            key.verify(signature, encoded, _ecdsa())
    except InvalidSignature:
        return False
    return True


def _ecdsa() -> ec.ECDSA:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.ECDSA(hashes.SHA256())


def _known(key: Any, kinds: tuple[type, ...], name: object) -> Any:
    curve = getattr(getattr(key, "curve", None), "name", "secp256r1")
    if not isinstance(key, kinds) or curve != "secp256r1":
        raise EvidenceError(f"key {name}", f"it is a {type(key).__name__} ({curve})", f"Give {KINDS_OF_KEY}.")
    return key


def _kinds() -> tuple[Any, tuple[tuple[type, ...], tuple[type, ...]]]:
    need("sign", "a signature", EvidenceError)
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    private = (ed25519.Ed25519PrivateKey, ec.EllipticCurvePrivateKey)
    return serialization, (private, (ed25519.Ed25519PublicKey, ec.EllipticCurvePublicKey))
