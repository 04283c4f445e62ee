"""A lab that was written from the documentation alone: pictures, a convolutional network and its size."""

COURSE = {
    "id": "deep_learning",
    "title": "Deep Learning",
    "assignments": {
        "lab_4_3_cnn": {
            "title": "Lab 4.3: Convolutional networks",
            "due": "2027-02-19T23:59:00+00:00",
            "build_cell_timeout_s": 300,
        },
    },
}
