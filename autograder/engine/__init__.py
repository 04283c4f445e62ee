"""From submissions to results; hidden checks never share a process with student code.

text          text that students control           results       what grading came to
record        results as plain values              journal       one line per finished submission
folders       where a run keeps what               limits        what one submission may use
wire          what crosses between processes       values        answers on the wire
models/       networks as descriptions             submissions/  find, read and match notebooks
sandbox/      what stands around a submission      processes     a worker's processes
control       supervisor to zygote                 afresh        where nothing can be forked
preload       values that are made once            job           work for the trainer
zygote        imports once, forks often            shell         a notebook's cells without a kernel
stubs         modules that are not here            cache         trainings on disk
offload       work that is done elsewhere          child         runs a submission
trainer       trains for everybody                 grader        runs the checks
recipe        what an assignment is graded with    dialogues     what checks asked before
workshop      one worker                           session       one submission
run           a class

Processes: a supervisor without TensorFlow decides everything and enforces every deadline from
outside; its zygote forks a grader (checks, no student code), a trainer (descriptions of models,
no checks) and, for each submission, a child (student code, no checks).
"""
