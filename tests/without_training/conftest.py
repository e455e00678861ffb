from tpod_core import training_packages

collect_ignore_glob = ["test_*.py"] if training_packages.are_installed() else []
