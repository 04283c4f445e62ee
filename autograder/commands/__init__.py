"""The command line, and the commands that join several rooms.

cli          parses arguments, calls one function, turns errors into exit codes
grade_class  ``course grade`` and ``course demo``
students     ``course regrade``, ``course explain`` and ``course delete-student``
bundle       ``course bundle``
doctor       ``course doctor``
"""
