"""Leave-one-out protocols and the released detector."""
