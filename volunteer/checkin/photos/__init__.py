"""Reading a code from a photo where the page cannot."""
