"""From a file to conditioned samples and their spectrogram: what pipeline and detector share."""
