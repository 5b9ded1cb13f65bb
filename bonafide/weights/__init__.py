"""The weights that come with the package: the detector, written by stage export, and the VAD, by tools/make-vad."""
