"""What a WSGI server loads: `gunicorn wsgi:app`."""

import gc

from helpdesk.starting import without_collecting

with without_collecting():
    from helpdesk import create_app, outbox

    app = create_app()
outbox.nudge_in_background()

# What was made so far lives as long as the process: looking through it for garbage costs each request a tenth.
gc.collect()
gc.freeze()
