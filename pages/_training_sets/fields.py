"""The fields of a new training set: videos, classes, frames, split."""

from dataclasses import dataclass

import streamlit as st

from pages._shared.options import distinct
from pages._shared.page import counted, escape_md
from pages._training_sets.form_values import TrainingSetForm, none_if_all
from tpod_core.db import read_session
from tpod_core.models import User, Video, VideoState, saved_id
from tpod_core.services import video_labels, videos
from tpod_core.services.training_sets import SplitMethod
from tpod_core.services.videos import Labelled

_LIST_HEIGHT_PX = 300
_METHODS: dict[str, SplitMethod | None] = {
    "Automatic": None,
    "By video": SplitMethod.BY_VIDEO,
    "By block": SplitMethod.BY_BLOCK,
}


@dataclass(frozen=True)
class AvailableVideos:
    """The videos that can be chosen, with the labelled share and the labels of each by id.

    ``unavailable_count`` counts the others.
    """

    videos: list[Video]
    labelled: dict[int, Labelled]
    labels: dict[int, list[str]]
    unavailable_count: int


def read_available_videos(user: User) -> AvailableVideos:
    """Returns the videos that ``user`` can choose from."""
    with read_session() as session:
        listed = videos.list_videos(session, user)
        labelled = videos.labelled(session, listed)
        ready = [
            video
            for video in listed
            if video.state is VideoState.READY and labelled[saved_id(video)].tracks
        ]
        labels = {
            number: [label.name for label in row]
            for number, row in video_labels.list_labels_of_each(session, ready).items()
        }
    return AvailableVideos(ready, labelled, labels, len(listed) - len(ready))


def choose(available: AvailableVideos) -> TrainingSetForm:
    """Show the fields of the form, and return their values."""
    chosen = _choose_videos(available)
    offered = list(dict.fromkeys(name for number in chosen for name in available.labels[number]))
    picked = st.pills(
        "Classes",
        offered,
        selection_mode="multi",
        default=offered,
        format_func=escape_md,
        wrap=True,
    )
    stride, negatives = _choose_amounts()
    keyframes_only, drop_near_duplicates, outside_ranges = _choose_kinds()
    method, val_percent, val_videos = _choose_split(available, list(chosen))
    details = _choose_details(drop_near_duplicates)
    return TrainingSetForm(
        videos=chosen,
        labels=none_if_all(picked, offered),
        stride=stride,
        keyframes_only=keyframes_only,
        drop_near_duplicates=drop_near_duplicates,
        near_duplicate_distance=details.near_duplicate_distance,
        outside_ranges=outside_ranges,
        negatives_percent=negatives,
        crops_percent=details.crops_percent,
        method=method,
        val_percent=val_percent,
        val_videos=val_videos,
        guard_frames=details.guard_frames,
        seed=details.seed,
        image_size=details.image_size,
        names={saved_id(video): video.name for video in available.videos},
    )


def _choose_amounts() -> tuple[int, int]:
    """Returns the stride, and the number of frames without objects per 100 with objects."""
    stride_column, negatives_column = st.columns(2)
    stride = stride_column.number_input(
        "Take every n-th frame", 1, 1000, 5, help="Neighbouring frames add little."
    )
    negatives = negatives_column.number_input(
        "Frames without objects, per 100 with",
        0,
        1000,
        10,
        help="The detector learns from them what is not an object. They come from fully labelled "
        "ranges, and from frames where you marked a detection as a mistake.",
    )
    return int(stride), int(negatives)


def _choose_kinds() -> tuple[bool, bool, bool]:
    """Returns whether to use key frames only, drop near-duplicates, and leave the ranges."""
    keyframes_only = st.toggle("Only frames on which a box was drawn or corrected")
    drop_near_duplicates = st.toggle(
        "Leave out frames that look like the one before",
        help="Found while the set is built. A frame is kept if a track starts or ends there, or "
        "if a box has moved.",
    )
    outside_ranges = st.toggle(
        "Also frames with boxes outside the fully labelled ranges",
        help="There, an object without a box is learnt as background. This applies to videos with "
        "such ranges; from the others, all frames with boxes are used.",
    )
    return keyframes_only, drop_near_duplicates, outside_ranges


def _choose_videos(available: AvailableVideos) -> dict[int, str]:
    """Returns the text of the ranges of each chosen video, by its id."""
    st.markdown("**Videos**")
    chosen = {}
    with st.container(
        border=True, height=_LIST_HEIGHT_PX if len(available.videos) > 4 else "content"
    ):
        for video in available.videos:
            number, labelled = saved_id(video), available.labelled[saved_id(video)]
            use, progress, ranges = st.columns([3, 3, 3], vertical_alignment="center")
            lock = " :material/lock:" if video.held_out else ""
            is_chosen = use.checkbox(
                escape_md(video.name) + lock,
                True,
                key=f"training-set-use-{number}",
                help="Locked as held out: always validation." if video.held_out else None,
            )
            share = labelled.share(video)
            progress.progress(
                share, f"{share:.0%} fully labelled · {counted(labelled.tracks, 'track')}"
            )
            text = ranges.text_input(
                f"Frames of {escape_md(video.name)}",
                placeholder="Frames, such as 0-99, 150-200",
                key=f"training-set-ranges-{number}",
                label_visibility="collapsed",
                disabled=not is_chosen,
                help=f"Leave empty for all labelled frames, of 0 to {video.frame_count - 1}.",
            )
            if is_chosen:
                chosen[number] = text
    if available.unavailable_count:
        unavailable = counted(available.unavailable_count, "video")
        st.caption(f"Not listed: {unavailable} without boxes, or still being read.")
    return chosen


def _choose_split(
    available: AvailableVideos, chosen: list[int]
) -> tuple[SplitMethod | None, int, tuple[int, ...]]:
    method_column, share_column = st.columns(2)
    name = method_column.segmented_control(
        "Held out for validation",
        list(_METHODS),
        default="Automatic",
        help="Frames picked at random would be nearly the same as training frames, and the score "
        "would be too good. So whole videos are held out, or one block of each.",
    )
    method = _METHODS[name or "Automatic"]
    name_of = distinct(available.videos, lambda video: video.name)
    names = {saved_id(video): name_of(video) for video in available.videos}
    locked = [saved_id(video) for video in available.videos if video.held_out]
    free = [number for number in chosen if number not in locked]
    by_block = method is SplitMethod.BY_BLOCK
    val_videos: list[int] = []
    if len(chosen) > 1 and free and not by_block:
        val_videos = st.multiselect(
            "Hold out exactly these videos" + (", and the locked ones" if locked else ""),
            free,
            format_func=lambda number: names[number],
            placeholder="Only the locked ones" if locked else "Chosen by the seed",
        )
    decided = bool(val_videos) or (len(free) < len(chosen) and not by_block)
    share = share_column.slider(
        "Share of validation", 5, 50, 20, 5, format="%d%%", disabled=decided
    )
    return method, int(share), tuple(val_videos)


@dataclass(frozen=True)
class _Details:
    """``guard_frames`` is ``None`` for the automatic gap."""

    guard_frames: int | None
    seed: int
    near_duplicate_distance: int
    crops_percent: int
    image_size: int


def _choose_details(drop_near_duplicates: bool) -> _Details:
    with st.expander("Details", key="training-set-details"):
        left, right = st.columns(2)
        guard = left.number_input(
            "Gap around a validation block, in frames",
            0,
            100_000,
            None,
            placeholder="Automatic",
            help="Frames this close to validation are not trained on. Automatic: one second, at "
            "most a tenth of the video.",
        )
        seed = right.number_input(
            "Seed",
            0,
            2**31,
            0,
            help="Decides the random choices: the same seed gives the same split.",
        )
        crops = left.number_input(
            "Background crops, per 100 frames with objects",
            0,
            1000,
            0,
            help="Random crops of training frames that touch no box, as more images without "
            "objects. They come from fully labelled ranges.",
        )
        image_size = right.number_input(
            "Image size in training",
            32,
            4096,
            640,
            32,
            help="Pixels of the longer side. Only the warning about tiny boxes depends on it.",
        )
        distance = left.slider(
            "Near-duplicate threshold",
            0,
            16,
            6,
            disabled=not drop_near_duplicates,
            help="Two frames are near-duplicates if their 64-bit hashes differ in at most this "
            "many bits. A higher threshold leaves out more frames.",
        )
    return _Details(
        None if guard is None else int(guard), int(seed), int(distance), int(crops), int(image_size)
    )
