"""What a detector could cheat with: shortcuts and near-duplicates in a corpus."""
