"""The check vocabulary: how a shape, a layer, a parameter count or an accuracy is checked.

``answers`` runs checks and calls answers, which return ``plain_data``; a check that does not pass raises
the error of ``mismatch``. ``value_checks``, ``table_checks``, ``model_checks`` and
``compile_checks`` compare, frames of pandas in the view of ``table_view`` and models in that of
``canonical``; ``vocabulary`` lists the functions. The build copies this folder into every release, so it
imports nothing else of the package::

    def check_two_rows(add_rows):
        \"\"\"Two rows are added column by column\"\"\"
        checks.equal(checks.call(add_rows, [[1, 2], [3, 4]]), [4, 6])
    checks.run(check_two_rows)

``preflight`` is for the terminal, not for checks: ``python -m checks lab.ipynb`` says what a notebook
still lacks (``saved_notebook`` reads it, ``written_code`` looks at answers).
"""

import sys

# While `python -m checks` loads this package, the first argument is "-m". It needs none of the
# functions, and the Python of a terminal may lack NumPy.
if sys.argv[:1] != ["-m"]:
    from .vocabulary import *  # noqa: F403
    from .vocabulary import __all__ as __all__
