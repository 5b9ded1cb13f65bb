"""Readers of corpora on disk: each yields what the catalog needs to know of a clip."""
