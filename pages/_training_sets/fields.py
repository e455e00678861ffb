"""The fields of a new training set: videos, classes, frames, split."""

from dataclasses import dataclass

import streamlit as st

from pages._shared.page import counted, plain
from pages._training_sets.form_values import TrainingSetForm, all_or
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
class Offer:
    """The videos that can be chosen, how far each is labelled, and the labels of each."""

    videos: list[Video]
    done: dict[int, Labelled]
    labels: dict[int, list[str]]
    others: int


def read_offer(user: User) -> Offer:
    """What ``user`` can choose from."""
    with read_session() as session:
        known = videos.list_videos(session, user)
        done = videos.labelled(session, known)
        ready = [v for v in known if v.state is VideoState.READY and done[saved_id(v)].tracks]
        labels = {
            number: [label.name for label in listed]
            for number, listed in video_labels.list_labels_of_each(session, ready).items()
        }
    return Offer(ready, done, labels, len(known) - len(ready))


def choose(offer: Offer) -> TrainingSetForm:
    """The fields of the form, and what they hold."""
    chosen = _choose_videos(offer)
    offered = list(dict.fromkeys(name for number in chosen for name in offer.labels[number]))
    picked = st.pills(
        "Classes", offered, selection_mode="multi", default=offered, format_func=plain, wrap=True
    )
    stride, negatives = _choose_amounts()
    keyframes_only, drop_near_duplicates, outside_ranges = _choose_kinds()
    method, val_percent, val_videos = _choose_split(offer, list(chosen))
    details = _choose_details(drop_near_duplicates)
    return TrainingSetForm(
        videos=chosen,
        labels=all_or(picked, offered),
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
        names={saved_id(video): video.name for video in offer.videos},
    )


def _choose_amounts() -> tuple[int, int]:
    """The stride, and frames without objects for 100 with."""
    stride_column, negatives_column = st.columns(2)
    stride = stride_column.number_input(
        "Take every n-th frame", 1, 1000, 5, help="Neighbouring frames teach almost the same."
    )
    negatives = negatives_column.number_input(
        "Frames without objects, for 100 with",
        0,
        1000,
        10,
        help="They teach what is no object. Only fully labelled ranges have them, and frames on "
        "which a wrong detection was refused.",
    )
    return int(stride), int(negatives)


def _choose_kinds() -> tuple[bool, bool, bool]:
    """Key frames only, no near-duplicates, also outside the fully labelled ranges."""
    keyframes_only = st.toggle("Only frames on which a box was drawn or corrected")
    drop_near_duplicates = st.toggle(
        "Leave out frames that look like the one before",
        help="Found while the set is built. A frame stays where a track starts or ends, or a "
        "box has moved.",
    )
    outside_ranges = st.toggle(
        "Also frames with boxes outside the fully labelled ranges",
        help="An object without a box there is learnt as background. For videos that have such "
        "ranges; of others all frames with boxes are taken.",
    )
    return keyframes_only, drop_near_duplicates, outside_ranges


def _choose_videos(offer: Offer) -> dict[int, str]:
    """The chosen videos, with the text of their ranges."""
    st.markdown("**Videos**")
    chosen = {}
    with st.container(border=True, height=_LIST_HEIGHT_PX if len(offer.videos) > 4 else "content"):
        for video in offer.videos:
            number, done = saved_id(video), offer.done[saved_id(video)]
            use, labelled, ranges = st.columns([3, 3, 3], vertical_alignment="center")
            lock = " :material/lock:" if video.held_out else ""
            is_chosen = use.checkbox(
                plain(video.name) + lock,
                True,
                key=f"training-set-use-{number}",
                help="Locked as held out: always validation." if video.held_out else None,
            )
            share = done.share(video)
            labelled.progress(
                share, f"{share:.0%} fully labelled · {counted(done.tracks, 'track')}"
            )
            text = ranges.text_input(
                f"Frames of {video.name}",
                placeholder="Frames, as 0-99, 150-200",
                key=f"training-set-ranges-{number}",
                label_visibility="collapsed",
                disabled=not is_chosen,
                help=f"Left empty: all that is labelled, of frames 0 to {video.frame_count - 1}.",
            )
            if is_chosen:
                chosen[number] = text
    if offer.others:
        st.caption(f"{counted(offer.others, 'video')} without boxes, or still being read.")
    return chosen


def _choose_split(
    offer: Offer, chosen: list[int]
) -> tuple[SplitMethod | None, int, tuple[int, ...]]:
    method_column, share_column = st.columns(2)
    name = method_column.segmented_control(
        "Held out for validation",
        list(_METHODS),
        default="Automatic",
        help="Frames drawn at random would be nearly the same as training frames, and the score "
        "too good to be true. So whole videos are held out, or one block of each.",
    )
    method = _METHODS[name or "Automatic"]
    names = {saved_id(video): video.name for video in offer.videos}
    locked = [saved_id(video) for video in offer.videos if video.held_out]
    free = [number for number in chosen if number not in locked]
    by_block = method is SplitMethod.BY_BLOCK
    val_videos: list[int] = []
    if len(chosen) > 1 and free and not by_block:
        val_videos = st.multiselect(
            "Hold out exactly these videos" + (", and the locked ones" if locked else ""),
            free,
            format_func=lambda number: names[number],
            placeholder="The locked ones alone" if locked else "Let the seed choose",
        )
    decided = bool(val_videos) or (len(free) < len(chosen) and not by_block)
    share = share_column.slider(
        "Share of validation", 5, 50, 20, 5, format="%d%%", disabled=decided
    )
    return method, int(share), tuple(val_videos)


@dataclass(frozen=True)
class _Details:
    """``guard_frames`` is ``None`` for ours."""

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
            help="Training keeps this distance. Automatic: one second, at most a tenth.",
        )
        seed = right.number_input(
            "Seed", 0, 2**31, 0, help="The same seed gives the same split; another, another."
        )
        crops = left.number_input(
            "Background pieces, for 100 frames with objects",
            0,
            1000,
            0,
            help="Random pieces of training frames that touch no box, as further pictures "
            "without objects. Only fully labelled ranges have them.",
        )
        image_size = right.number_input(
            "Picture size in training",
            32,
            4096,
            640,
            32,
            help="Pixels of the longer side. Only the warning about tiny boxes depends on it.",
        )
        distance = left.slider(
            "How alike frames may look",
            0,
            16,
            6,
            disabled=not drop_near_duplicates,
            help="Bits of 64 in which two pictures' hashes may differ and still count as alike. "
            "More leaves out more.",
        )
    return _Details(
        None if guard is None else int(guard), int(seed), int(distance), int(crops), int(image_size)
    )
