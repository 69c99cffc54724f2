"""Commands and groups of commands, each in its own module; ``cli.py`` joins them."""
