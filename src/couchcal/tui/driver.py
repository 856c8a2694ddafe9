"""The line to the terminal, which begins again only after it was stopped."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver


class SteadyDriver(LinuxDriver):
    """Textual's driver, which begins to read anew whenever its process is told to go on (SIGCONT).

    A program whose terminal is closed is told that, too, right after it was told that the line is cut (SIGHUP): it
    might be stopped. What read before would go on reading beside what reads anew, find a closed terminal always
    ready, and keep the processor busy for ever.
    """

    def resume_application_mode(self) -> None:
        if self._key_thread is None or not self._key_thread.is_alive():
            super().resume_application_mode()
