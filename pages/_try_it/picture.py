"""A detector looks at one picture: an image file, the camera, or a frame of a video."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.detection_filter import TryOut
from pages._shared.page import counted
from pages._try_it.sources import FrameAt
from tpod_core import access
from tpod_core.db import reading, transaction
from tpod_core.detectors.drawing import draw
from tpod_core.detectors.proposals import boxes_as_labels
from tpod_core.detectors.wish import FoundBox, Wish
from tpod_core.geometry import Box
from tpod_core.label_colors import label_colors
from tpod_core.models import Detector, User, saved_id
from tpod_core.pictures import read_picture
from tpod_core.services import annotations, inference
from tpod_core.services.annotations import AddLabel
from tpod_core.services.inference import Look
from tpod_core.video.encode import encode_jpeg, scaled_down
from tpod_core.video.orientation import Image

_SHOWN_WIDTH_PX = 1280
_TALL_HEIGHT_PX = 480
_EVERYTHING = Wish(0.01)
"""The model runs once; what the slider and the classes leave out is left out afterwards."""


def show_picture(tried: TryOut, content: bytes | None) -> None:
    """What the detector finds in an image file."""
    if content is None:
        st.info("What the detector finds appears here.", icon=":material/image_search:")
        return
    image, look = _look_at_file(saved_id(tried.detector), content, tried.detector)
    _show_look(tried, image, look)


def show_frame(tried: TryOut, at: FrameAt | None) -> None:
    """What the detector finds in a frame, and a way to keep it."""
    if at is None:
        return
    image, look = _look_at_frame(
        saved_id(tried.detector),
        (saved_id(at.video), at.video.playback_key, at.frame_index),
        tried.detector,
        at,
    )
    found = _show_look(tried, image, look)
    with st.container(horizontal=True, vertical_alignment="center"):
        keep = st.button(
            "Use these boxes as labels",
            type="primary",
            icon=":material/add_box:",
            disabled=not found,
            help="Adds them to this frame of the video. You can undo it on the labelling screen.",
        )
        if st.button("Open in the labelling screen", icon=":material/edit:"):
            st.switch_page(
                "labeling.py",
                query_params={"video": str(at.video.id), "frame": str(at.frame_index)},
            )
    if keep:
        added = _use_as_labels(tried.user, at, found)
        already = len(found) - added
        known = f" Left out as known or too small: {already}." if already else ""
        st.success(f"{counted(added, 'box')} added as labels.{known}")


def _show_look(tried: TryOut, image: Image, look: Look) -> Sequence[FoundBox]:
    """The picture with what is wanted; returns that, in pixels of the original."""
    found = tried.filter.of(look.boxes)
    with reading() as session:
        colors = label_colors(session, tried.detector.labels)
    scale = image.shape[1] / look.frame_wh[0]
    drawn = draw(image, inference.marks_of([_scaled(each, scale) for each in found], colors))
    # A tall picture, as wide as the page, would push what is said about it out of sight.
    drawn_height, drawn_width = drawn.shape[:2]
    tall = drawn_height > drawn_width
    fitting = _TALL_HEIGHT_PX * drawn_width // drawn_height
    st.image(encode_jpeg(drawn), width=fitting if tall else "stretch")
    objects = counted(len(found), "object")
    width, height = look.frame_wh
    st.markdown(f"**{objects}** · {look.latency_ms:.0f} ms · {width}×{height}")
    if found:
        _show_table(found)
    elif look.boxes:
        best = max(each.score for each in look.boxes)
        st.caption(f"Nothing as sure as that. Its best guess has a score of {best:.2f}.")
    return found


def _show_table(found: Sequence[FoundBox]) -> None:
    st.dataframe(
        [
            {
                "Class": each.label,
                "Score": each.score,
                "Box": ", ".join(f"{edge:.0f}" for edge in each.box.xyxy),
            }
            for each in found
        ],
        hide_index=True,
        column_config={
            "Score": st.column_config.ProgressColumn(min_value=0, max_value=1, format="%.2f"),
            "Box": st.column_config.TextColumn(
                "Left, top, right, bottom", help="In pixels of the original picture."
            ),
        },
    )


def _scaled(found: FoundBox, scale: float) -> FoundBox:
    box = Box(*(edge * scale for edge in found.box.xyxy))
    return FoundBox(found.label, found.class_id, found.score, box)


@st.cache_data(max_entries=8, show_spinner="Looking …")
def _look_at_file(detector_id: int, content: bytes, _detector: Detector) -> tuple[Image, Look]:
    """The picture at the size of the screen, and all that is in it; both belong to the key."""
    return _looked(_detector, read_picture(content))


@st.cache_data(max_entries=8, show_spinner="Looking …")
def _look_at_frame(
    detector_id: int, frame_key: tuple[int, str, int], _detector: Detector, _at: FrameAt
) -> tuple[Image, Look]:
    """As ``_look_at_file``."""
    return _looked(_detector, inference.read_frame(_at.video, _at.frame_index))


def _looked(detector: Detector, image: Image) -> tuple[Image, Look]:
    look = inference.look_at(detector, image, _EVERYTHING)
    return scaled_down(image, _SHOWN_WIDTH_PX), look


def _use_as_labels(user: User, at: FrameAt, found: Sequence[FoundBox]) -> int:
    """Returns: how many boxes became labels."""
    with transaction() as session:
        video = access.get_video(session, user, saved_id(at.video))
        shown = annotations.boxes_in(session, video, at.frame_index, at.frame_index + 1)
        edits = boxes_as_labels(found, at.frame_index, shown[at.frame_index], video.frame_count)
        labels = [AddLabel(edit.track.label) for edit in edits]
        annotations.apply_edits(session, user, video, [*labels, *edits], video.revision)
    return len(edits)
