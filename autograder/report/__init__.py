"""Results → what people and platforms read, all of it derived from the run's journal.

load_run, marks, roster  a run and its final marks; anonymized runs; the class list
pages, submission_view   all files of a run: feedback.html and report.html; what was submitted
summary, similarity      the class in numbers, grades.csv; suspiciously similar answers
results_json             results.json for Gradescope
exports                  tables for Canvas and Moodle, files for CI systems; every format by its name
explain                  each call of a question's checks
"""
