"""Where the cases of a study are worked on: on this machine, or on a cluster."""
