"""Compiled modules are loaded here, once: pytester forgets what a test imported, and they cannot be loaded twice."""

import vl_convert  # noqa: F401

import harness.criteria.redecision
import harness.delivery
import harness.run  # noqa: F401
