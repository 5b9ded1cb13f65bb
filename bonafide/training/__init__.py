"""Fits networks to features and exports them."""
