"""Uploads for platforms that grade by themselves.

uploads      the zips, made and put into ``dist/``   gradescope   what is in Gradescope's
remembered   trainings that it brings along          templates/   its two scripts
harness      one submission, in its container        room         memory of the container

``uploads`` is all that the command line needs. The harness runs on the platform, started by
the script ``run_autograder``.
"""
