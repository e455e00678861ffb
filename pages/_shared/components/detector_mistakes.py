"""The validation pictures on which a detector does worst."""

from collections import Counter

import streamlit as st

from pages._shared.page import plain
from tpod_core.detectors.evaluation_file import BadImage, Evaluation
from tpod_core.models import Detector
from tpod_core.services import scores

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


def show_worst(detector: Detector, evaluation: Evaluation) -> None:
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
    for start in range(0, len(shown), _IN_A_ROW):
        for column, image in zip(
            st.columns(_IN_A_ROW), shown[start : start + _IN_A_ROW], strict=False
        ):
            with column:
                _show(detector, image)


def _show(detector: Detector, image: BadImage) -> None:
    jpeg = scores.find_picture(detector, image)
    if jpeg is not None:
        st.image(jpeg, width="stretch")
    st.caption(_words(image))


def _words(image: BadImage) -> str:
    """What is wrong in it: ``"2 missed: cup · 1 wrong: bus (0.83)"``, and a way to the frame."""
    parts = []
    for kind in ("missed", "wrong"):
        of_kind = [shown for shown in image.objects if shown.kind == kind]
        names = Counter(shown.label for shown in of_kind)
        listed = ", ".join(
            f"{plain(name)} x{n}" if n > 1 else plain(name) for name, n in names.items()
        )
        if of_kind:
            surest = f" ({max(shown.score for shown in of_kind):.2f})" if kind == "wrong" else ""
            parts.append(f"{kind}: {listed}{surest}")
    if image.video_id is not None:
        address = f"/labeling?video={image.video_id}&frame={image.frame_index}"
        parts.append(f"[frame {image.frame_index}]({address})")
    return " · ".join(parts)
