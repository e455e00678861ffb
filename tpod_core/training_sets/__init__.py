"""Builds training sets from labelled videos: selects frames, splits them, and writes the files.

    spec ──labelled_videos──▶ frames ──▶ split ──▶ plan ──▶ statistics, warnings, preflight
                                                    └─────▶ building: images, labels, manifest

All modules but ``labelled_videos`` and ``building`` compute on plain values, in the same way
for a preview and for a build. A plan depends only on the spec, its seed and the annotations;
the files depend only on the plan and the pictures (which ``thinning`` compares).
``comparison`` and ``contact_sheet`` read finished sets.
"""
