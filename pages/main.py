"""The entry script of the app: requires sign-in, then runs the chosen screen."""

from pathlib import Path

import streamlit as st

from pages._main.notices import show_notices
from pages._shared import unsent
from pages._shared.guard import require_user
from pages._shared.page import PAGE_STYLE
from tpod_core.models import Role

_IMAGES = Path(__file__).parent / "_shared"

# A local file: Streamlit would fetch a Material icon for the tab from the internet.
st.set_page_config(page_title="TPOD", page_icon=str(_IMAGES / "icon.svg"), layout="wide")
user = require_user()
st.logo(str(_IMAGES / "logo.svg"), size="large")

screens = {
    "": [
        st.Page("home.py", title="Home", icon=":material/home:", default=True),
        st.Page("videos.py", title="Videos", icon=":material/movie:"),
        # Opened from a video's card: without a video there is nothing to label.
        st.Page("labeling.py", title="Labelling", visibility="hidden"),
        st.Page("training_sets.py", title="Training sets", icon=":material/dataset:"),
        st.Page("detectors.py", title="Detectors", icon=":material/model_training:"),
        # Opened from a detector's page.
        st.Page("review.py", title="Review", visibility="hidden"),
        st.Page("try_it.py", title="Try it", icon=":material/image_search:"),
    ],
    "System": [
        st.Page("jobs.py", title="Jobs", icon=":material/pending_actions:"),
        st.Page("account.py", title="Account", icon=":material/person:"),
    ],
}
if user.role is Role.ADMIN:
    screens["System"].append(
        st.Page("admin.py", title="Administration", icon=":material/admin_panel_settings:")
    )

screen = st.navigation(screens, position="top")
st.html(PAGE_STYLE)
show_notices()
content = st.container()
# Below the screen: until the sender's script has run, Streamlit shows a grey bar in its place.
unsent.send(user)
with content:
    screen.run()
