"""Builds the demo corpus: human recordings and speech generators that come in installable packages."""
