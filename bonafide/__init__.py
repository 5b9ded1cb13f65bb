"""Bonafide: tell human recordings from machine-generated voices."""

__version__ = "0.1.0"
