"""gunicorn's door: `gunicorn wsgi:app`; `volunteer serve` calls it with the settings we run in production."""

from volunteer.app import create_app

app = create_app()
