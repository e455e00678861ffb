"""Claims about a host without the extra ``train``, for an environment that lacks its packages.

``tests/unit/test_without_training.py`` makes such an environment and runs them in it.
"""
