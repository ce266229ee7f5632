"""`python -m volunteer`: the command line."""

from volunteer.cli import main

if __name__ == "__main__":
    main()
