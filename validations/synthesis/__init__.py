"""Translation and harmonisation of radiographs of hands that were acquired twice."""
