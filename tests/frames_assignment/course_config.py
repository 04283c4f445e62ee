"""A fourth course for the tests: answers that take and return frames of pandas."""

COURSE = {
    "id": "frames_course",
    "title": "A course with tables",
    "assignments": {
        "sales": {
            "title": "Sales of two shops with pandas",
            "due": "2027-02-12T23:59:00+00:00",
            "build_cell_timeout_s": 120,
        },
    },
}
