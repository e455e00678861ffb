"""A new training set: choose, see at once what that gives, build."""

from dataclasses import dataclass

import streamlit as st

from pages._shared.components.training_set_numbers import (
    show_class_table,
    show_split,
    show_totals,
    show_warnings,
)
from pages._shared.page import empty_state, page_header, plain
from pages._shared.training_set_wish import Wish, all_or
from tpod_core.db import reading, transaction
from tpod_core.errors import InvalidInput
from tpod_core.models import User, Video, VideoState, saved_id
from tpod_core.services import training_sets, videos
from tpod_core.services.training_sets import Preview, SplitMethod
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


def show_form(user: User) -> int | None:
    """The form with its live preview; the id of the new set once it is queued."""
    page_header("New training set", "Choose frames; the numbers follow as you choose.")
    offer = _offer(user)
    if not offer.videos:
        empty_state(
            "Nothing is labelled yet",
            "A training set is made of labelled frames. Open a video and draw some boxes first.",
        )
        st.page_link("videos.py", label="Go to the videos", icon=":material/movie:")
        return None
    left, right = st.columns([3, 2], gap="large")
    with left:
        name = st.text_input("Name", placeholder="Cups in the kitchen", max_chars=200)
        wish = _choose(offer)
    with right:
        st.markdown("**What you get**")
        found = _preview(user, wish)
        pressed = st.button(
            "Build the training set",
            type="primary",
            icon=":material/construction:",
            width="stretch",
            disabled=found is None,
        )
        if found is not None:
            show_warnings(found.warnings)
            show_class_table(found.statistics)
        if not pressed:
            return None
        with transaction() as session:
            return saved_id(training_sets.create(session, user, name, wish.choice()))


def _offer(user: User) -> Offer:
    with reading() as session:
        known = videos.list_videos(session, user)
        done = videos.labelled(session, known)
        ready = [v for v in known if v.state is VideoState.READY and done[saved_id(v)].tracks]
        labels = {
            saved_id(video): [label.name for label in videos.list_labels(session, video)]
            for video in ready
        }
    return Offer(ready, done, labels, len(known) - len(ready))


def _choose(offer: Offer) -> Wish:
    chosen = _choose_videos(offer)
    offered = list(dict.fromkeys(name for number in chosen for name in offer.labels[number]))
    picked = st.pills("Classes", offered, selection_mode="multi", default=offered)
    stride_column, negatives_column = st.columns(2)
    stride = stride_column.number_input(
        "Take every n-th frame", 1, 1000, 5, help="Neighbouring frames teach almost the same."
    )
    negatives = negatives_column.number_input(
        "Frames without objects, for 100 with",
        0,
        1000,
        10,
        help="They teach what is no object. Only fully labelled ranges have them.",
    )
    keyframes_only = st.toggle("Only frames on which a box was drawn or corrected")
    method, val_percent, val_videos = _choose_split(offer, list(chosen))
    guard, seed = _choose_details()
    return Wish(
        videos=chosen,
        labels=all_or(picked, offered),
        stride=int(stride),
        keyframes_only=keyframes_only,
        negatives_percent=int(negatives),
        method=method,
        val_percent=val_percent,
        val_videos=val_videos,
        guard_frames=guard,
        seed=seed,
        names={saved_id(video): video.name for video in offer.videos},
    )


def _choose_videos(offer: Offer) -> dict[int, str]:
    """The chosen videos, with the text of their ranges."""
    st.markdown("**Videos**")
    chosen = {}
    height = _LIST_HEIGHT_PX if len(offer.videos) > 4 else "content"
    with st.container(border=True, height=height):
        for video in offer.videos:
            number, done = saved_id(video), offer.done[saved_id(video)]
            use, labelled, ranges = st.columns([3, 3, 3], vertical_alignment="center")
            is_chosen = use.checkbox(plain(video.name), True, key=f"training-set-use-{number}")
            share = done.share(video)
            tracks = "1 track" if done.tracks == 1 else f"{done.tracks} tracks"
            labelled.progress(share, f"{share:.0%} fully labelled · {tracks}")
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
        st.caption(f"{offer.others} more have no boxes yet, or are still being read.")
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
    val_videos: list[int] = []
    if len(chosen) > 1 and method is not SplitMethod.BY_BLOCK:
        val_videos = st.multiselect(
            "Hold out exactly these videos",
            chosen,
            format_func=lambda number: names[number],
            placeholder="Let the seed choose",
        )
    share = share_column.slider(
        "Share of validation", 5, 50, 20, 5, format="%d%%", disabled=bool(val_videos)
    )
    return method, int(share), tuple(val_videos)


def _choose_details() -> tuple[int | None, int]:
    """The guard gap, or ``None`` for ours, and the seed."""
    with st.expander("Details"):
        guard_column, seed_column = st.columns(2)
        guard = guard_column.number_input(
            "Gap around a validation block, in frames",
            0,
            100_000,
            None,
            placeholder="Automatic",
            help="Training keeps this distance. Automatic: one second, at most a tenth.",
        )
        seed = seed_column.number_input(
            "Seed", 0, 2**31, 0, help="The same seed gives the same split; another, another."
        )
    return None if guard is None else int(guard), int(seed)


def _preview(user: User, wish: Wish) -> Preview | None:
    """Show what the wish gives, or why it gives nothing."""
    try:
        with reading() as session:
            found = training_sets.preview(session, user, wish.choice())
    except InvalidInput as refused:
        st.info(refused.message, icon=":material/info:")
        return None
    show_totals(found.statistics)
    show_split(found.statistics)
    return found
