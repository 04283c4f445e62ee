"""``python -m checks lab.ipynb``: look over a notebook before it is submitted."""

import sys

from .preflight import main

sys.exit(main(sys.argv[1:]))
