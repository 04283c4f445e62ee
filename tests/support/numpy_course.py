"""The ``course`` command whose zygotes import NumPy alone: enough for the tiny assignment."""

from autograder.engine import zygote_client

zygote_client.IMPORTS = ("numpy",)  # before ``engine.run`` takes it from there

from autograder.__main__ import main  # noqa: E402

if __name__ == "__main__":
    main()
