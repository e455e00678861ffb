"""Exports trained detectors to formats other than ONNX and checks each against its checkpoint.

``formats`` lists them without heavy imports; a format's module is imported when it is needed.
"""
