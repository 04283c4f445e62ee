"""From a submission to its result; hidden checks never share a process with student code.

A supervisor without TensorFlow decides everything and enforces every deadline from outside. Its
zygote forks a grader (checks, no student code), a trainer (models as descriptions, no checks) and
one sandboxed child per submission (student code, no checks).

supervisor  run, grade_submission, session, conversation, worker; progress of a run
on disk     journal, results, plan, misconceptions
processes   zygote_client, zygote; between them wire, values and table_values
in them     child; grader; offload; trainer with training_cache; lazy_variables
"""
