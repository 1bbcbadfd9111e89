"""What ships of ``models/``: the instruments of the phantoms, and the generative control."""

from editproof.core.shipped import shipped_folder

__path__ = [str(shipped_folder("models"))]
