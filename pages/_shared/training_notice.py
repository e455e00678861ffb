"""A notice on hosts that lack the packages for training."""

import streamlit as st

from tpod_core import training_packages


def training_notice() -> None:
    """Say that jobs wait for a worker on another host, if this one lacks the packages."""
    if not training_packages.are_installed():
        st.info(training_packages.WAITS, icon=":material/hourglass_top:")
