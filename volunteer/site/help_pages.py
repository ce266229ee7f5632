"""Answers to what people ask, and what is done so that everybody can use the pages. Source: ux.md P7, §7."""

from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _l

from volunteer.access import Permission, Scope
from volunteer.web.pages import Pages

pages = Pages("help")
ANSWERS = (
    (
        _l("For volunteers"),
        (
            (
                _l("How do I register?"),
                _l(
                    "Have your paper and your phone at hand. It takes three steps and about two minutes. Without a "
                    "phone, bring your paper to a station: the staff register you on the spot."
                ),
            ),
            (
                _l("How do I sign in on site?"),
                _l(
                    "Scan the code at the station with WeChat, or show your own code to the staff. If your phone is "
                    "dead, say your four digits, your name or the last digits of your phone, or show your printed card."
                ),
            ),
            (
                _l("I forgot to sign out. What now?"),
                _l(
                    "Open My hours and ask for a make-up of that shift within 10 working days. Somebody of the station "
                    "who did not scan you decides."
                ),
            ),
            (
                _l("How are my hours counted?"),
                _l(
                    "To the minute, from sign-in to sign-out, within the times of the shift. Each entry of My hours "
                    "says how it came about."
                ),
            ),
            (
                _l("How do I get a certificate?"),
                _l(
                    "Open My certificates and choose a period. It is free of charge, and anyone can verify it by the "
                    "code on it."
                ),
            ),
            (
                _l("I no longer want to be a volunteer."),
                _l(
                    "Open Me, then Privacy and consents, and take back your consent to registration; or ask at any "
                    "station. Your details are erased after seven days; the hours remain without your name."
                ),
            ),
        ),
    ),
    (
        _l("For staff"),
        (
            (
                _l("The camera does not open."),
                _l(
                    "Use a hand scanner, type the code, or search by name or the last digits of the phone. Nobody has "
                    "to wait for a camera."
                ),
            ),
            (
                _l("Somebody has not signed up."),
                _l("Where walk-ins are allowed and places are left, they are signed up with the scan."),
            ),
            (
                _l("Why may I not decide this request?"),
                _l("Nobody decides on what they recorded or asked for themselves. A colleague or the centre does."),
            ),
            (
                _l("How is the rate of my unit counted?"),
                _l(
                    "Registered people of the unit divided by its task of the year. Each person counts once, in the "
                    "unit that they belong to on that day."
                ),
            ),
        ),
    ),
)
MEASURES = (
    _l("All of it works with the keyboard alone, and with a screen reader."),
    _l("Text is large from the start; the button at the top makes it larger still and the page keeps to one column."),
    _l("Colour never stands alone: each state has a sign and words."),
    _l("Forms work without scripts, say all that is wrong at once, and keep what was typed."),
    _l("Nothing runs out while you read; a visit waits ten minutes for you to sign in."),
    _l("Nobody needs a phone: a station registers, scans a printed card and prints the certificate."),
)


@pages.page("/help", Permission.ANYONE, Scope.NOTHING)
def help_page() -> Any:
    """Answer what people ask."""
    return render_template("site/help.html", answers=ANSWERS)


@pages.page("/accessibility", Permission.ANYONE, Scope.NOTHING)
def accessibility_page() -> Any:
    """Say what is done so that everybody can use the pages, and whom to tell where it is not enough."""
    return render_template("site/accessibility.html", measures=MEASURES)
