"""The drawn hand radiographs of ``fixtures/``, as they ship: ``python -m editproof.phantoms``."""

from editproof.core.shipped import shipped_folder

__path__ = [str(shipped_folder("phantoms"))]
