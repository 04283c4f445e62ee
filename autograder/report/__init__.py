"""From results to what people and platforms read; everything here is derived, nothing is decided.

runs          a run as its folder holds it         views         all files of a run
summary       the class in numbers                 pages         feedback.html, report.html
appeal        what the checks of a question saw
gradebook     grades.csv, the terminal's table     gradescope    results.json
roster        who is in the class                  matching      which submission is whose
marks         who gets which mark                  spreadsheet   CSV that is safe to open
anonymity     a run without persons                erasure       a run without one of them
exports/      a run as other systems read it
work          what a student handed in             figures       its pictures, drawn again
attention     whom staff should look at            similarity    answers that are too much alike
charts        the report's pictures
"""
