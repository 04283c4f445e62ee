"""Compile, check and grade notebook assignments.

errors          one error tree, split by who must act
files           folders as values; atomic writes, zips, notebook files
text            text that others chose: bounded patterns, and made safe to show
limits          what one submission may use
lateness        deadlines, and what late submissions lose
course          ``course_config.py``, validated
headings        headings of Markdown cells, and the questions that they name
notebook        a source notebook as questions, answer cells and checks
notebook_file   the cells of a file that Jupyter, VS Code or Colab saved
authoring       questions by their headings, ids: what the author need not write
facts           LAB, EXPECTED and THRESHOLDS of an assignment
known_answers   wrong and right answers with the marks that each must get
checks/         the check vocabulary; copied into releases, imports nothing else of the package
build/          source notebook → releases, solutions, bundles
sandbox/        confined processes: a submission's tree, and the reader of untrusted bytes
submission/     any file or folder → the cells to run, matched to the source
models/         a Keras model as plain data, and back
engine/         submission → result; hidden checks never meet student code
report/         results → what people and platforms read
platforms/      Gradescope's upload, nbgrader's gradebook, many machines
quality/        tests of the checks: validate, mutation test, compare, calibrate
commands/       the command line, and the commands that join several rooms

A module imports only from those above it. ``build`` and ``engine`` do not import each other.
"""
