from __future__ import annotations

from tests.editors.conftest import desk, request_of, server

__all__ = ["desk", "request_of", "server"]
