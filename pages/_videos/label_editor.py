"""The labels of a video: add, colour, remove. Every change is saved at once."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import plain
from pages._videos import state
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import Label
from tpod_core.services import video_labels
from tpod_core.services.video_labels import LabelSpec

MAX_SUGGESTIONS = 12


@st.dialog("Labels of this video", on_dismiss=state.close_video_dialog)
def edit_labels(video_id: int) -> None:
    """One name is one class, with one colour, in all videos of the team."""
    user = require_user()
    st.caption(
        "The kinds of objects to find. While drawing, the keys 1 to 9 choose the first nine."
    )
    with show_errors():
        with read_session() as session:
            labels = video_labels.list_labels(session, access.get_video(session, user, video_id))
            catalogue = video_labels.list_catalogue(session)
        for label in labels:
            _show_label(video_id, labels, label)
        _offer_known(video_id, labels, catalogue)
        _offer_new(video_id, labels)


def _show_label(video_id: int, labels: Sequence[Label], label: Label) -> None:
    color, name, remove = st.columns([1, 7, 1], vertical_alignment="center")
    picked = color.color_picker(
        f"Colour of {label.name}",
        label.color,
        key=f"label-color-{video_id}-{label.id}-{label.color}",  # another act makes it anew
        label_visibility="collapsed",
    )
    name.markdown(plain(label.name))
    if picked != label.color:
        _save(video_id, [(one.name, picked if one is label else None) for one in labels])
    if remove.button(
        "",
        icon=":material/close:",
        key=f"label-remove-{video_id}-{label.id}",
        type="tertiary",
        help=f"Remove {plain(label.name)}",
    ):
        _save(video_id, [(one.name, None) for one in labels if one is not label])


def _offer_new(video_id: int, labels: Sequence[Label]) -> None:
    # With another list it is another form: what was refused stays written, what was added is gone.
    with st.form(f"label-new-{video_id}-{len(labels)}", border=False):
        words, button = st.columns([4, 1], vertical_alignment="bottom")
        written = words.text_input("New labels", placeholder="cup, traffic light")
        added = button.form_submit_button("Add", width="stretch")
        # Part of the form, so that a label just written is not lost with the dialog.
        done = st.form_submit_button("Done", type="primary", key="labels-done")
    names = [name for name in (part.strip() for part in written.split(",")) if name]
    if names and (added or done):
        wishes = [(one.name, None) for one in labels] + [(name, None) for name in names]
        _save(video_id, wishes, close=done)
    elif done:
        state.close_video_dialog()
        st.rerun()


def _offer_known(video_id: int, labels: Sequence[Label], catalogue: Sequence[Label]) -> None:
    used = {label.id for label in labels}
    names = [label.name for label in catalogue if label.id not in used][:MAX_SUGGESTIONS]
    if not names:
        return
    # With another list it is another widget, so that the press is not there any more.
    key = f"label-known-{video_id}-{len(labels)}"
    if chosen := st.pills("Labels of other videos", names, format_func=plain, key=key):
        _save(video_id, [(one.name, None) for one in labels] + [(chosen, None)])


def _save(video_id: int, wishes: Sequence[LabelSpec], *, close: bool = False) -> None:
    user = require_user()
    with show_errors():
        with transaction() as session:
            video_labels.set_labels(
                session, user, access.get_video(session, user, video_id), wishes
            )
        if close:
            state.close_video_dialog()
        st.rerun()
