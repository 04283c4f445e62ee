"""From submitted bytes to the cells that run; nothing is executed here.

Everything in a submission is a claim: ids, names and metadata help to find what belongs
where, and never decide what it is worth.
"""
