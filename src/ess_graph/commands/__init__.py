"""Groups of commands; each parses arguments and calls the library, nothing more."""
