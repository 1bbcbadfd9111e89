"""Instruments: cards, preprocessing and ensembles; only ``torch.py`` and ``timm_import.py`` load torch."""
