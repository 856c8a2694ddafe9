"""What the make targets for packages run: the manual page, the distributions and their checks."""
