"""The command line, and the commands that join several rooms.

cli             parses arguments, calls one function, turns errors into exit codes
grade_class     ``course grade``
regrade         ``course regrade`` and ``course explain``
delete_student  ``course delete-student``
bundle          ``course bundle``
doctor          ``course doctor``
demo            ``course demo``
"""
