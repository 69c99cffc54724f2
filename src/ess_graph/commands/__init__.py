"""Groups of commands, one module each; ``cli`` joins them."""
