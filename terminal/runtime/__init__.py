"""The one waiting loop, and the threads that wait on devices for it.

Every device has a thread that only waits and posts; every decision is made on the loop's thread,
which alone touches the till and the journal.
"""
