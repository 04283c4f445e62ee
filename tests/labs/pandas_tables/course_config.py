"""A lab that was written from the documentation alone: a table is cleaned, then summarized."""

COURSE = {
    "id": "data_analysis",
    "title": "Data Analysis",
    "assignments": {
        "pandas_tables": {
            "title": "Tables of measurements with pandas",
            "due": "2027-02-26T23:59:00+00:00",
            "build_cell_timeout_s": 120,
        },
    },
}
