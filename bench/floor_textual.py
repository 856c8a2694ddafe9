"""The floor of the first frame: an empty Textual app."""

from textual.app import App

App[None]().run()
