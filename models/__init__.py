"""Downstream instruments and the generative control: how they are trained, measured and shipped."""
