"""One decoder and one frame index for display, export and training.

The network sees exactly the frames that a person labelled: ``VideoReader`` reads every frame
through a ``FrameIndex``, which holds the frame's checksum. Only this package imports PyAV.
"""
