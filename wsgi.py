"""What a WSGI server loads: `gunicorn wsgi:app`."""

from helpdesk import create_app, outbox

app = create_app()
outbox.nudge_in_background()
