"""The command line, and the commands that join several rooms.

cli              parses arguments, calls one function, turns errors into exit codes
new_assignment   ``course new``
grade_class      ``course grade`` and ``course demo``
students         ``course regrade``, ``explain``, ``mark`` and ``delete-student``
bundle           ``course bundle``
doctor           ``course doctor``
"""
