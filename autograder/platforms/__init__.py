"""Where graded work comes from and goes to: Gradescope, nbgrader, many machines."""
