"""Editing tools behind one callable: :class:`editproof.types.Editor`."""
