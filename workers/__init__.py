"""RQ workers: what is carried out after a commit.

A job is a function `job(row: OutboxRow) -> None` in a module of this package, named in the outbox as
`workers.<module>.<function>`. It may be run again after a crash, so what it does in the database must be safe to
repeat; call `outbox.finish(row)` inside the transaction that does the work, and the two can never disagree. Raise
`outbox.Permanent` when trying again cannot help; any other exception is tried again with growing delays.
"""

JOB_TIMEOUT = 240  # seconds; shorter than outbox.TIME_LIMIT, so a claim is never free while its job runs
