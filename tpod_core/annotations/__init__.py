"""Tracks and their key frames: values, edits, history, and the way to and from the tables."""
