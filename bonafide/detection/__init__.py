"""The detector for users: any recording in, a verdict with its reason out."""
