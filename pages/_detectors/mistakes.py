"""The validation images on which a detector does worst."""

from collections import Counter

import streamlit as st

from pages._shared.page import escape_md
from tpod_core.db import read_session
from tpod_core.evaluation.result_file import BadImage, Evaluation
from tpod_core.models import Detector, User, saved_id
from tpod_core.services import scores, videos

_COLUMNS, _INITIAL_COUNT = 3, 6
_LEGEND = (
    "<div style='font-size:.9rem'>"
    + "".join(
        f"<span style='margin-right:1rem'><i style='display:inline-block;width:.8rem;"
        f"height:.8rem;border:2px solid {color};margin-right:.35rem'></i>{words}</span>"
        for color, words in (
            ("#2eb06a", "found"),
            ("#eb3c3c", "false positive"),
            ("#ffa500", "missed"),
        )
    )
    + "</div>"
)


def show_worst(user: User, detector: Detector, evaluation: Evaluation) -> None:
    """Show the images with their boxes, the worst first, each with a link to its frame."""
    st.subheader("Its worst images", anchor=False)
    if not evaluation.worst:
        st.write("It made no mistake on the validation images.")
        return
    st.html(_LEGEND)
    more = len(evaluation.worst) > _INITIAL_COUNT and st.toggle(
        f"Show all {len(evaluation.worst)}", key="worst-all"
    )
    shown = evaluation.worst if more else evaluation.worst[:_INITIAL_COUNT]
    with read_session() as session:
        names = {saved_id(row): row.name for row in videos.list_videos(session, user)}
    for start in range(0, len(shown), _COLUMNS):
        for column, image in zip(
            st.columns(_COLUMNS), shown[start : start + _COLUMNS], strict=False
        ):
            with column:
                _show(detector, image, names.get(image.video_id or 0))


def _show(detector: Detector, image: BadImage, video_name: str | None) -> None:
    jpeg = scores.find_picture(detector, image)
    if jpeg is not None:
        st.image(jpeg, width="stretch")
    mistakes = [_mistakes_text(image, kind) for kind in ("missed", "wrong")]
    st.caption(" · ".join(filter(None, [*mistakes, _frame_link(image, video_name)])))


def _mistakes_text(image: BadImage, kind: str) -> str:
    """``"missed: cup ×2, bus"``, ``"wrong: bus (0.83)"``; empty if there are none."""
    of_kind = [shown for shown in image.objects if shown.kind == kind]
    if not of_kind:
        return ""
    names = Counter(escape_md(shown.label) for shown in of_kind)
    listed = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in names.items())
    surest = f" ({max(shown.score for shown in of_kind):.2f})" if kind == "wrong" else ""
    return f"{kind}: {listed}{surest}"


def _frame_link(image: BadImage, video_name: str | None) -> str:
    """A Markdown link to the frame; empty if its video has been deleted since."""
    if video_name is None:
        return ""
    address = f"/labeling?video={image.video_id}&frame={image.frame_index}"
    return f"[{escape_md(video_name)}, frame {image.frame_index}]({address})"
