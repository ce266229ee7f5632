"""The pages about people's own data, as the app opens them: consents and leaving, notices, looking behind the mask."""

from volunteer.registration import consent_pages, notice_pages, unmask_pages
from volunteer.registration.consent_pages import ask_after_sign_in
from volunteer.registration.unmask_pages import card

__all__ = ["ALL", "ask_after_sign_in", "card"]

ALL = (consent_pages.pages, notice_pages.pages, unmask_pages.pages)
