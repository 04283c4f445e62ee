"""A third course for the tests: one convolutional network, so that nothing is made for recurrent ones."""

COURSE = {
    "id": "conv_course",
    "title": "A course with pictures",
    "assignments": {
        "shapes": {
            "title": "Crosses and rings with a convolution",
            "due": "2027-02-12T23:59:00+00:00",
            "kit": "shapeskit",
            "build_cell_timeout_s": 120,
            "lab": {"size": 10, "filters": 6, "classes": 3},
        },
    },
}
