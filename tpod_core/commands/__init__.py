"""The commands of ``tpod``, one module each; add a module to add a command.

A module's name is the command's name, and its docstring the help. It has two functions:

    add_arguments(parser)   declares the command's arguments with ``argparse``
    run(arguments)          runs the command and returns the exit status of the process

Every call of ``tpod`` imports all modules, so slow imports belong in ``run``.
"""
