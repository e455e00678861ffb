"""From labelled videos to a training set: which frames, which part, and the files.

    choice ──sources──▶ frames ──▶ split ──▶ plan ──▶ statistics, warnings
                                              └─────▶ building: images, labels, manifest

All but ``sources`` and ``building`` is arithmetic on values, the same for a preview as for
the real thing. A plan depends on the choice, its seed and the annotations alone.
"""
