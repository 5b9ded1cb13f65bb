"""Fills corpus folders: recordings, generated speech, joined corpora."""
