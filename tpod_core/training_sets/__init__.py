"""From labelled videos to a training set: which frames, which part, and the files.

    choice ──sources──▶ frames ──▶ split ──▶ plan ──▶ statistics, warnings, preflight
                                              └─────▶ building: images, labels, manifest

All but ``sources`` and ``building`` is arithmetic on values, the same for a preview as for
the real thing. A plan depends on the choice, its seed and the annotations alone; the files
depend on the plan and the pictures alone (``thinning`` looks at these). ``comparison`` and
``contact_sheet`` read finished sets.
"""
