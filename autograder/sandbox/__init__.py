"""One submission's processes, kept apart from everything else.

layers      what a machine can give, and what each missing part means
syscalls    the kernel's calls that Python does not offer
filesystem  a root of its own: read-only system, sized scratch folder
landlock    files, ports and sockets by the kernel's own rules
seccomp     system calls that no notebook needs
users       whom a worker's submissions run as
confine     user, limits and capabilities of one process
remains     ending processes where no pid namespace does it
launch      the processes of a submission, from the first to the last one gone
probe       looks from inside whether the layers hold
tree        resident memory of all processes below one
process     a process tree as the supervisor holds it, and the memory watcher

Every layer that the kernel refuses raises ``LayerError``; nothing is skipped in silence.
"""
