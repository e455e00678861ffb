"""TPOD's core: everything below the screens, importable without Streamlit or torch."""

__version__ = "0.2.0"
