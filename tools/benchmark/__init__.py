"""Times our grader against otter and nbgrader, and on classes of several sizes."""
