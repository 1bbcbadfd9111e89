"""What instruments draw on an exhibit, as pictures: bit k of a pixel says whether structure k is there.

Structures are those of all instruments in the order of their names.
"""

from __future__ import annotations

from typing import Final

from editproof.evidence.measurements import EDITED, ORIGINAL

DRAWN: Final = {ORIGINAL: "drawn_original", EDITED: "drawn_edited"}
"""Role of the picture among those of an exhibit, by the arm on which it was drawn."""
NEAR: Final = {ORIGINAL: "near_original", EDITED: "near_edited"}
"""Role of the crop at native pixels, by arm."""
FULL: Final = {ORIGINAL: "full_original", EDITED: "full_edited"}
"""Role of the picture with every pixel, by arm; it is for the folder, and not on the page."""
MOST_STRUCTURES: Final = 8
"""Structures that a picture holds, by name; further ones are not shown."""
