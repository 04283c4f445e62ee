"""From submitted bytes to the cells that run; nothing is executed here.

discover        who submitted what          platform_names  names that platforms write
archives        folders, archives → files    read            a file → cells
statements      a cell → statements         classify        what each cell is
match           cells → the steps that run, and messages

Everything in a submission is a claim: ids, names and metadata help to find what belongs where,
and never decide what it is worth.
"""
