"""From submissions to results; hidden checks never share a process with student code."""
