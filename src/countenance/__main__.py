"""`python -m countenance`: the same as the command `countenance`."""

from countenance.cli.main import main

if __name__ == "__main__":
    main()
