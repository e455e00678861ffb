"""Boxes on the frames between key frames."""
