"""One submission's process tree, isolated from everything else.

layers        the layers of isolation, what each absence means, and a check from inside
syscalls      the kernel's calls that Python does not offer
filesystem    a private root folder; Landlock's rules for files and ports
privileges    user, resource limits, capabilities and system calls of one process
launch        the processes of a submission, from the first fork until the last one is gone
process       a process tree as the supervisor sees it, the memory watcher, and killing what is left
"""
