"""A trained model -> a bundle: ONNX files, card, statistics for abstention."""
