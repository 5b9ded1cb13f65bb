"""The service `bonafide serve` and the page that it serves."""
