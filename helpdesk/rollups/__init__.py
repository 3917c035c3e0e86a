"""Figures summed up beforehand, so that a report costs the same at a million tickets as at a thousand.

Everything here is derived from the event log: it can be thrown away and made again (`bin/relais rebuild reports`).
`models` remember, `reading` turns one ticket's log into readings, `days` pack the readings of a day, `following` keeps
up with the log.
"""
