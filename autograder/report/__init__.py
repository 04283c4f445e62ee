"""Results → what people and platforms read, all of it derived from the run's journal.

load_run, marks, roster        a run and its final marks; anonymized runs; the class list
write, pages, submission_view  all files of a run; feedback.html and report.html; what was submitted
summary, similarity            the class in numbers; suspiciously similar answers
gradebook, spreadsheet         grades.csv and the terminal's table; CSV that is safe to open
results_json, ci_formats       results.json for Gradescope; junit.xml, summary.md, annotations.txt
exports                        tables for Canvas and Moodle; every format by its name
explain                        each call of a question's checks
"""
