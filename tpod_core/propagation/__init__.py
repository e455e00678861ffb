"""Fills the gaps between key frames with tracked boxes: plans, runs and stores the work."""
