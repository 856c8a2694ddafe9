"""`make reference`: the pages of docs/reference, made of what the program itself knows."""
