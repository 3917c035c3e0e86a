"""The administrator's place: people, departments, topics, channels, settings, what goes out, and the log.

An administrator reads no question and no answer here: what a letter says of a restricted one stays hidden too.
"""

from helpdesk.web.pages.admin import (
    channels,
    departments,
    home,
    hours,
    jobs,
    keys,
    letters,
    log,
    people,
    policies,
    presence,
    quality,
    replays,
    settings,
    skills,
    synonyms,
    topics,
)
from helpdesk.web.pages.admin.place import blueprint

__all__ = [
    "blueprint", "channels", "departments", "home", "hours", "jobs", "keys", "letters", "log", "people", "policies",
    "presence", "quality", "replays", "settings", "skills", "synonyms", "topics",
]  # fmt: skip
