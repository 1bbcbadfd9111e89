"""Editing tools behind one callable: :class:`harness.types.Editor`."""
