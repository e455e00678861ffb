"""Tracks and their key frames: values, edit operations, history, and their database tables."""
