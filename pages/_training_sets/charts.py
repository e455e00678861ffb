"""Charts of a training set: its boxes by size, aspect ratio, position and video."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import streamlit as st

from tpod_core.services.training_sets import Histogram, Shapes, Statistics

_BLUE = "#2f6fed"
_HEIGHT_PX = 220
_BAR_PX = 32
"""Height of a video's bar, with the gap to the next."""


def show_shapes(shapes: Shapes) -> None:
    """Show the sizes, aspect ratios and positions of the boxes."""
    sizes, aspects, positions = st.columns(3, gap="large")
    with sizes:
        st.markdown("**Size** of the boxes, in pixels of the training image")
        _show_histogram(shapes.sizes, "px")
    with aspects:
        st.markdown("**Aspect ratio**, width divided by height")
        _show_histogram(shapes.aspects, "")
    with positions:
        st.markdown("**Position** of their centres in the image")
        _show_positions(shapes.positions)


def show_classes_by_video(statistics: Statistics, colors: Mapping[str, str]) -> None:
    """A bar per video with its boxes of each class; ``colors`` maps class names to colours."""
    names = [row.name for row in statistics.classes]
    rows = [
        {"Video": video.name, "Class": name, "Boxes": boxes}
        for video in statistics.videos
        for name, boxes in zip(names, video.class_boxes, strict=False)
    ]
    scale = alt.Scale(domain=names, range=[colors[name] for name in names])
    chart = (
        _chart(rows)
        .mark_bar()
        .encode(
            x=alt.X("Boxes:Q", title="Boxes"),
            y=alt.Y("Video:N", title=None, sort=None),
            color=alt.Color("Class:N", scale=scale, legend=alt.Legend(orient="top", title=None)),
            order=alt.Order("Class:N"),
            tooltip=["Video:N", "Class:N", "Boxes:Q"],
        )
    )
    _draw(chart, alt.Step(_BAR_PX))


def _show_histogram(histogram: Histogram, unit: str) -> None:
    spans = [
        _span(low, high) for low, high in zip(histogram.edges, histogram.edges[1:], strict=False)
    ]
    rows = [
        {"Range": span, "Boxes": count} for span, count in zip(spans, histogram.counts, strict=True)
    ]
    every_label = alt.Axis(labelAngle=-40, labelOverlap=False)
    chart = (
        _chart(rows)
        .mark_bar(color=_BLUE, cornerRadiusEnd=3)
        .encode(
            x=alt.X("Range:N", sort=None, title=unit or None, axis=every_label),
            y=alt.Y("Boxes:Q", title=None, axis=alt.Axis(tickMinStep=1, format="~s")),
            tooltip=["Range:N", "Boxes:Q"],
        )
    )
    _draw(chart, _HEIGHT_PX)


def _span(low: float | None, high: float | None) -> str:
    if high is None:
        return f"{low:g} +"
    return f"under {high:g}" if not low else f"{low:g}–{high:g}"


def _show_positions(positions: Sequence[Sequence[int]]) -> None:
    rows = [
        {"x": x, "y": y, "Boxes": boxes}
        for y, row in enumerate(positions)
        for x, boxes in enumerate(row)
    ]
    # Opacity instead of a colour scale, because it suits both the light and the dark theme.
    chart = (
        _chart(rows)
        .mark_rect(color=_BLUE)
        .encode(
            x=alt.X("x:O", axis=None, scale=alt.Scale(padding=0)),
            y=alt.Y("y:O", axis=None, scale=alt.Scale(padding=0)),
            opacity=alt.Opacity("Boxes:Q", legend=None, scale=alt.Scale(range=[0.06, 1])),
            tooltip=["Boxes:Q"],
        )
    )
    _draw(chart, _HEIGHT_PX)


def _chart(rows: list[dict[str, Any]]) -> alt.Chart:
    return alt.Chart(alt.InlineData(values=rows))


def _draw(chart: alt.Chart, height: int | alt.Step) -> None:
    st.altair_chart(chart.properties(height=height), width="stretch")
