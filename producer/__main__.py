"""`python -m producer` is the command `restyle`."""

from producer.cli import main

if __name__ == "__main__":
    main()
