"""The report: one page and one model card, made from the files that a run has left."""
