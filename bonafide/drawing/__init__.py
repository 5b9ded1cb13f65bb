"""Pictures without a plotting library: PNG and SVG."""
