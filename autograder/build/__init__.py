"""From one source notebook to releases, solutions and bundles."""
