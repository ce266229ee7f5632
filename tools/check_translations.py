"""Every sentence for people has its Chinese: checks the catalogue, or brings it up to date (``--update``).

The sentences are what ``pybabel extract -F babel.cfg`` finds in volunteer/ and templates/. The check fails, with
a list, if one of them is missing from the catalogue, empty, fuzzy, or disagrees in its placeholders.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message, TranslationError
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans_CN"
SOURCES = ("volunteer", "templates")
TRANSLATIONS = Path("volunteer/translations")
KEYWORDS = ("_l", "lazy_gettext", "lazy_ngettext:1,2", "lazy_pgettext:1c,2", "lazy_npgettext:1c,2,3")


def main(arguments: list[str] | None = None) -> int:
    """Check, or update with ``--update``, the catalogue below ``--root``; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="write the catalogue instead of checking it")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository (the one this file is in)")
    options = parser.parse_args(arguments)
    os.chdir(options.root)
    catalogue_path = TRANSLATIONS / LOCALE / "LC_MESSAGES" / "messages.po"
    with tempfile.TemporaryDirectory() as folder:
        template_path = Path(folder) / "messages.pot"
        extract(template_path)
        if options.update:
            update(template_path, catalogue_path)
            return 0
        template = read(template_path)
    catalogue = read(catalogue_path) if catalogue_path.exists() else Catalog(locale=LOCALE)
    faults = find_faults(template, catalogue)
    for fault in faults:
        print(fault, file=sys.stderr)
    if faults:
        print(f"{len(faults)} of {len(template)} sentences lack a good translation: {catalogue_path}", file=sys.stderr)
        print("`make translations` adds the missing entries; then translate them.", file=sys.stderr)
        return 1
    print(f"translations: {len(template)} sentences, all translated")
    return 0


def find_faults(template: Catalog, catalogue: Catalog) -> list[str]:
    """Return one line for each sentence of the template that the catalogue does not translate well."""
    faults = []
    for wanted in template:
        if not wanted.id:
            continue
        fault = find_fault(catalogue.get(wanted.id, wanted.context), catalogue)
        if fault:
            context = f" (context {wanted.context})" if wanted.context else ""
            faults.append(f"{fault}: {wanted.id!r}{context}")
    return faults


def find_fault(found: Message | None, catalogue: Catalog) -> str | None:
    """Return what is wrong with one entry, in a word or two, or None."""
    if found is None:
        return "missing"
    if found.fuzzy:
        return "fuzzy"
    strings = [found.string] if isinstance(found.string, str) else list(found.string or ())
    if not strings or not all(string.strip() for string in strings):
        return "empty"
    errors: list[TranslationError] = found.check(catalogue)
    return f"wrong ({errors[0]})" if errors else None


def extract(template_path: Path) -> None:
    """Write the template of all sentences in the source, sorted and without places."""
    command = ["extract", "-F", "babel.cfg", "--no-location", "--sort-output", "--project", "Volunteer"]
    for keyword in KEYWORDS:
        command += ["-k", keyword]
    pybabel([*command, "-o", str(template_path), *(source for source in SOURCES if Path(source).is_dir())])


def update(template_path: Path, catalogue_path: Path) -> None:
    """Merge the template into the catalogue; nothing is guessed, and what is no longer used goes."""
    merge = ["update", "--no-fuzzy-matching", "--ignore-obsolete", "--ignore-pot-creation-date"]
    command = merge if catalogue_path.exists() else ["init"]
    pybabel([*command, "-i", str(template_path), "-d", str(TRANSLATIONS), "-l", LOCALE])


def pybabel(arguments: list[str]) -> None:
    """Run pybabel inside this process, quietly."""
    if CommandLineInterface().run(["pybabel", "-q", *arguments]):  # type: ignore[no-untyped-call]
        raise SystemExit(f"pybabel {arguments[0]} failed")


def read(path: Path) -> Catalog:
    """Return the catalogue in a file."""
    with path.open("rb") as file:
        return read_po(file, abort_invalid=True)


if __name__ == "__main__":
    sys.exit(main())
