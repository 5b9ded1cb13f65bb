"""Readers of corpora as they are published: each turns one layout into rows of the clip table."""
