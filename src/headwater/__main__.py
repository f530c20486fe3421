"""`python -m headwater` is the command line."""

from headwater.entrypoints.cli import main

if __name__ == "__main__":
    main()
