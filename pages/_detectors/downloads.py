"""Downloads of a trained detector: the zip, and other formats exported on request."""

import streamlit as st
from humanize import naturalsize, naturaltime
from streamlit.delta_generator import DeltaGenerator

from pages._detectors.words import agreement_figures
from pages._shared.acting import fragment
from pages._shared.feedback import show_errors
from pages._shared.page import escape_md
from pages._shared.training_notice import training_notice
from tpod_core import access
from tpod_core.db import read_session, transaction
from tpod_core.models import Artifact, Detector, User, saved_id, utc_now
from tpod_core.services import model_files
from tpod_core.services.model_files import FormatStatus

REFRESH_S = 1.0
_COLUMNS = (5, 5, 3)


def show_downloads(_: User, detector: Detector) -> None:
    st.caption(
        "Every format is compared with the trained model on validation images before it is "
        "offered. Each is a zip with the labels and instructions for use."
    )
    with read_session() as session:
        archive = model_files.find_zip(session, detector)
        active = any(o.is_exporting for o in model_files.list_formats(session, detector))
    with st.container(border=True):
        _show_zip(detector, archive)
    training_notice()
    fragment(_show_formats, REFRESH_S if active else None)(saved_id(detector), active)


def _show_zip(detector: Detector, archive: Artifact | None) -> None:
    what, how, act = st.columns(_COLUMNS, vertical_alignment="center")
    what.markdown(
        "**ONNX**  \n:gray[For almost everything: with the checkpoint, the scores, and "
        "`predict.py`, which runs it on pictures and videos.]"
    )
    how.caption(agreement_figures(detector.metrics["agreement"]))
    if archive is not None:
        _download_button(act, detector, archive)


def _download_button(column: DeltaGenerator, detector: Detector, artifact: Artifact) -> None:
    column.link_button(
        f"Download {naturalsize(artifact.size_bytes)}",
        f"/api/v1/detectors/{detector.id}/model?format={artifact.format}",
        icon=":material/download:",
        width="stretch",
    )


def zip_button(detector: Detector) -> None:
    st.link_button(
        "Download the model",
        f"/api/v1/detectors/{detector.id}/model",
        type="primary",
        icon=":material/download:",
        help="A zip with the checkpoint, the ONNX model, the labels and a program to run it.",
    )


def _show_formats(user: User, detector_id: int, active: bool) -> None:
    """Show each format. With ``active``, an export runs and the whole page reruns when it ends."""
    with show_errors():
        with read_session() as session:
            detector = access.get_detector(session, user, detector_id)
            offers = model_files.list_formats(session, detector)
        if active and not any(offer.is_exporting for offer in offers):
            st.rerun(scope="app")
        for offer in offers:
            with st.container(border=True):
                _show_format(user, detector, offer)


def _show_format(user: User, detector: Detector, offer: FormatStatus) -> None:
    what, how, act = st.columns(_COLUMNS, vertical_alignment="center")
    what.markdown(f"**{offer.format.label}**  \n:gray[{offer.format.description}]")
    with how:
        _show_state(offer)
    with act:
        if offer.artifact is not None:
            _download_button(act, detector, offer.artifact)
        if offer.artifact is None or offer.failure:
            _offer_export(user, detector, offer)


def _show_state(offer: FormatStatus) -> None:
    if offer.job is not None and offer.is_exporting:
        st.progress(offer.job.progress, escape_md(offer.job.message) or "Waiting for a free worker")
    elif offer.failure:
        st.error(escape_md(offer.failure), icon=":material/error:")
    if offer.artifact is not None:
        made = naturaltime(utc_now() - offer.artifact.created_at)
        st.caption(f"{agreement_figures(offer.artifact.agreement)} Exported {made}.")
    elif offer.missing:
        st.caption(f":material/extension_off: {offer.missing}")


def _offer_export(user: User, detector: Detector, offer: FormatStatus) -> None:
    if st.button(
        "Try again" if offer.failure else "Export it",
        key=f"make-{offer.format.name}",
        icon=":material/build:",
        disabled=bool(offer.missing) or offer.is_exporting,
        help=offer.missing or None,
        width="stretch",
    ):
        with transaction() as session:
            row = access.get_detector(session, user, saved_id(detector))
            model_files.start_export(session, row, offer.format.name)
        st.rerun(scope="app")
