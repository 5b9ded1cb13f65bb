"""Bonafide: tell human voices from AI-generated ones."""

__version__ = "0.1.0"
__all__ = ["Detector", "LiveDetector", "__version__"]


def __getattr__(name: str) -> object:
    """Import what users ask for when they ask: `import bonafide` alone costs nothing."""
    if name == "Detector":
        from bonafide.detection.detector import Detector

        return Detector
    if name == "LiveDetector":
        from bonafide.detection.live import LiveDetector

        return LiveDetector
    raise AttributeError(f"module 'bonafide' has no attribute '{name}'")
