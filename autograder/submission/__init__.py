"""From submitted bytes to the cells that run; nothing is executed here.

archives    folders, archives → files       read       a file → cells
statements  a cell → statements             classify   what each cell is
match       cells → steps, messages         names      people, files, platforms
peek        what a file is                  layout     paths → people
arrivals    what arrived, what counts       discover   who submitted what

Everything in a submission is a claim: ids, names and metadata help to find what belongs where,
and never decide what it is worth.
"""
