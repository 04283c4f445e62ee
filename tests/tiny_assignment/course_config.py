"""A second course for the tests: two questions in plain NumPy and a sentence to write."""

COURSE = {
    "id": "tiny_course",
    "title": "A tiny course",
    "assignments": {
        "tiny": {
            "title": "Smoothing with NumPy",
            "due": "2027-02-12T23:59:00+00:00",
            "kit": "tinykit",
            "build_cell_timeout_s": 60,
            "lab": {"width": 3, "length": 12_000, "seed": 5},
        },
    },
}
