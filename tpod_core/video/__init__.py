"""One decoder and one frame index for display, export and training.

What a person labelled is what the network sees: every frame is read by ``VideoReader``
through a ``FrameIndex`` that knows the frame's own checksum. Only this package imports PyAV.
"""
