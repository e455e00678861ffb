"""The dialog that adds, colours and removes labels of a video. It saves each change at once."""

from collections.abc import Sequence

import streamlit as st

from pages._shared.feedback import show_errors
from pages._shared.guard import require_user
from pages._shared.page import escape_md
from pages._videos import state
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import Label
from tpod_core.services import video_labels
from tpod_core.services.video_labels import LabelSpec

MAX_SUGGESTIONS = 12


@st.dialog("Labels of this video", on_dismiss=state.close_video_dialog)
def edit_labels(video_id: int) -> None:
    """Edit the labels of a video. A label has one colour in all videos of the team."""
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
        f"Colour of {escape_md(label.name)}",
        label.color,
        key=f"label-color-{video_id}-{label.id}-{label.color}",  # a new widget if changed elsewhere
        label_visibility="collapsed",
    )
    name.markdown(escape_md(label.name))
    if picked != label.color:
        _save(video_id, [(one.name, picked if one is label else None) for one in labels])
    if remove.button(
        "",
        icon=":material/close:",
        key=f"label-remove-{video_id}-{label.id}",
        type="tertiary",
        help=f"Remove {escape_md(label.name)}",
    ):
        _save(video_id, [(one.name, None) for one in labels if one is not label])


def _offer_new(video_id: int, labels: Sequence[Label]) -> None:
    # The number of labels is in the key: the field is emptied only when labels were added.
    with st.form(f"label-new-{video_id}-{len(labels)}", border=False):
        field, button = st.columns([4, 1], vertical_alignment="bottom")
        text = field.text_input("New labels", placeholder="cup, traffic light")
        added = button.form_submit_button("Add", width="stretch")
        # Part of the form, so that it also adds a label still in the field.
        done = st.form_submit_button("Done", type="primary", key="labels-done")
    names = [name for name in (part.strip() for part in text.split(",")) if name]
    if names and (added or done):
        specs = [(one.name, None) for one in labels] + [(name, None) for name in names]
        _save(video_id, specs, close=done)
    elif done:
        state.close_video_dialog()
        st.rerun()


def _offer_known(video_id: int, labels: Sequence[Label], catalogue: Sequence[Label]) -> None:
    used = {label.id for label in labels}
    names = [label.name for label in catalogue if label.id not in used][:MAX_SUGGESTIONS]
    if not names:
        return
    # The number of labels is in the key, so that the selection is cleared when one was added.
    key = f"label-known-{video_id}-{len(labels)}"
    if chosen := st.pills("Labels of other videos", names, format_func=escape_md, key=key):
        _save(video_id, [(one.name, None) for one in labels] + [(chosen, None)])


def _save(video_id: int, specs: Sequence[LabelSpec], *, close: bool = False) -> None:
    user = require_user()
    with show_errors():
        with transaction() as session:
            video_labels.set_labels(session, user, access.get_video(session, user, video_id), specs)
        if close:
            state.close_video_dialog()
        st.rerun()
