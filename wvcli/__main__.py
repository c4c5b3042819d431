"""`python -m wvcli`."""

from wvcli.cli import main

if __name__ == "__main__":
    main()
