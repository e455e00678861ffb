"""The validation pictures on which a detector does worst."""

from collections import Counter

import streamlit as st

from pages._shared.page import plain
from tpod_core.db import read_session
from tpod_core.evaluation.result_file import BadImage, Evaluation
from tpod_core.models import Detector, User, saved_id
from tpod_core.services import scores, videos

_IN_A_ROW, _AT_FIRST = 3, 6
_LEGEND = (
    "<div style='font-size:.9rem'>"
    + "".join(
        f"<span style='margin-right:1rem'><i style='display:inline-block;width:.8rem;"
        f"height:.8rem;border:2px solid {color};margin-right:.35rem'></i>{words}</span>"
        for color, words in (
            ("#2eb06a", "found"),
            ("#eb3c3c", "drawn where there is no such object"),
            ("#ffa500", "missed"),
        )
    )
    + "</div>"
)


def show_worst(user: User, detector: Detector, evaluation: Evaluation) -> None:
    """Pictures with their boxes, the worst first; each leads to its frame."""
    st.subheader("Its worst pictures", anchor=False)
    if not evaluation.worst:
        st.write("It made no mistake on the validation images.")
        return
    st.html(_LEGEND)
    more = len(evaluation.worst) > _AT_FIRST and st.toggle(
        f"Show all {len(evaluation.worst)}", key="worst-all"
    )
    shown = evaluation.worst if more else evaluation.worst[:_AT_FIRST]
    with read_session() as session:
        names = {saved_id(row): row.name for row in videos.list_videos(session, user)}
    for start in range(0, len(shown), _IN_A_ROW):
        for column, image in zip(
            st.columns(_IN_A_ROW), shown[start : start + _IN_A_ROW], strict=False
        ):
            with column:
                _show(detector, image, names.get(image.video_id or 0))


def _show(detector: Detector, image: BadImage, video_name: str | None) -> None:
    jpeg = scores.find_picture(detector, image)
    if jpeg is not None:
        st.image(jpeg, width="stretch")
    mistakes = [_words(image, kind) for kind in ("missed", "wrong")]
    st.caption(" · ".join(filter(None, [*mistakes, _place(image, video_name)])))


def _words(image: BadImage, kind: str) -> str:
    """``"missed: cup ×2, bus"``, ``"wrong: bus (0.83)"``; empty where there is none."""
    of_kind = [shown for shown in image.objects if shown.kind == kind]
    if not of_kind:
        return ""
    names = Counter(plain(shown.label) for shown in of_kind)
    listed = ", ".join(f"{name} ×{count}" if count > 1 else name for name, count in names.items())
    surest = f" ({max(shown.score for shown in of_kind):.2f})" if kind == "wrong" else ""
    return f"{kind}: {listed}{surest}"


def _place(image: BadImage, video_name: str | None) -> str:
    """The way to the frame; empty if its video has been deleted since."""
    if video_name is None:
        return ""
    address = f"/labeling?video={image.video_id}&frame={image.frame_index}"
    return f"[{plain(video_name)}, frame {image.frame_index}]({address})"
