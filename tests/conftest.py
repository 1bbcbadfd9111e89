"""What holds for every test.

Compiled modules are loaded here, once: pytester forgets what a test imported, and they cannot be loaded twice. No property
fails for being tried on a slow machine.
"""

import vl_convert  # noqa: F401
from hypothesis import settings

import harness.criteria.redecision
import harness.delivery
import harness.run  # noqa: F401

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
