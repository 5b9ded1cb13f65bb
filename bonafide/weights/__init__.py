"""The weights that come with the package: one ONNX file, written by stage export."""
