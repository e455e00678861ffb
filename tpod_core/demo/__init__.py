"""A demo project whose truth is known, rendered from two photographs."""
