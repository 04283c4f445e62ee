"""``python -m autograder`` is the ``course`` command."""

from autograder.commands.cli import main

main()
