"""The audio of clips: conditioned, augmented, as features."""
