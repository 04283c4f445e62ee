"""From submitted bytes to the cells that run; nothing is executed here.

discover        who submitted what        archives        folders and archives as files
platform_names  names that platforms write    select_file    which of a student's files counts
read            a file → cells            statements      a cell's code → statements
classify        what each cell is         match           cells → the steps that run, and messages

Everything in a submission is a claim: ids, names and metadata help to find what belongs where,
and never decide what it is worth.
"""
