"""What a team shares: a remote for what DVC keeps, corpora under DVC, parts that a colleague has made."""
