"""From results to what people and platforms read; everything here is derived, nothing is decided.

runs          a run as its folder holds it         views         all files of a run
summary       the class in numbers                 pages         feedback.html, report.html
gradebook     grades.csv, the terminal's table     gradescope    results.json
work          what a student handed in             figures       its pictures, drawn again
attention     whom staff should look at            similarity    answers that are too much alike
charts        the report's pictures
"""
