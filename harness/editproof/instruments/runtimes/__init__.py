"""How an instrument is made to read: ONNX, torch, Python, HTTP, tables."""
