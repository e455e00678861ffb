"""One sentence where work needs the packages for training, and this host lacks them."""

import streamlit as st

from tpod_core import training_packages


def training_notice() -> None:
    """Say that the work will wait for a worker elsewhere; nothing where it need not."""
    if not training_packages.are_installed():
        st.info(training_packages.WAITS, icon=":material/hourglass_top:")
