"""What is known of clips: the clip table, the readers that fill it, the sides of a split."""
