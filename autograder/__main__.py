"""``python -m autograder`` is the ``course`` command."""

import signal
import sys


def main() -> None:
    """Run the command line; an interrupt while it is imported or ends is quiet too."""
    try:
        from autograder.commands import cli

        cli.main()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
    finally:
        # Ctrl-C now ends the process at once, instead of raising in the interpreter's own cleanup.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


if __name__ == "__main__":
    main()
