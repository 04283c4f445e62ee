"""From one source notebook to releases, solutions and bundles.

compile            ``prepare`` and ``build``: the plan of all bytes, the manifest
lint               rules of a source notebook and of its check cells
substitute_facts   facts become literals          kit         the files next to a notebook
cells              notebook cells for all tools   solutions   the executed notebook
flavors            the two releases, by otter and nbgrader   leaks   nothing secret in a release
"""
