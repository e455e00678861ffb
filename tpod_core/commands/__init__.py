"""The commands of ``tpod``, a module each; to add one is to add its module.

A module's name is the command's name, and its docstring the help. It has two functions:

    add_arguments(parser)   declares what the command takes, with ``argparse``
    run(arguments)          does it, and returns the exit status of the process

All modules are imported whenever ``tpod`` is called: what takes long to import belongs in ``run``.
"""
