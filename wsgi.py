"""What a WSGI server loads: `gunicorn wsgi:app`."""

from helpdesk import create_app

app = create_app()
