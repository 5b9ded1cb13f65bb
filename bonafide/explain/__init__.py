"""What in a recording spoke for its verdict, as a page."""
