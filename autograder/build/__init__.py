"""From one source notebook to releases, solutions and bundles.

compile            ``prepare`` and ``build``: the plan of all bytes, the manifest
lint               rules of a source notebook and of its check cells
substitute_facts   facts become literals
release_parts      cells, and the files next to a notebook
stand_alone        what each flavor has besides: README, requirements, a list of its parts
flavors            the two releases, by otter and nbgrader; nbgrader's course in ``var/nbgrader``
solutions          the executed notebook          leaks   nothing secret in a release
"""
