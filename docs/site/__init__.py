"""The documentation as a site: pages from outside ``docs/``, links between them, and pages made from the registries."""
