"""One submission's processes, kept apart from everything else.

layers      what a machine can give, and what each missing part means
syscalls    the kernel's calls that Python does not offer
filesystem  a root of its own: read-only system, sized scratch folder
landlock    files, ports and sockets by the kernel's own rules
seccomp     system calls that no notebook needs
confine     user, limits and capabilities of one process
remains     ending processes where no pid namespace does it
launch      the three processes of a submission, from fork to the last one gone
tree        resident memory of a process and all below it

Every layer that the kernel refuses raises ``LayerError``; nothing is skipped in silence.
"""
