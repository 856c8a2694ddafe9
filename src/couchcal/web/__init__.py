"""The booking page and the portal: what clients reach with a browser."""
