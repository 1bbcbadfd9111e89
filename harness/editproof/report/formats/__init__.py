"""Every form in which evidence is delivered."""
