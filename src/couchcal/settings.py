"""`config.toml`: read with a clear word on what is wrong in it, and the remembered view beside the data.

Reading never writes; a broken file gives defaults and `problems` to show. `settings_file` writes.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from couchcal.paths import config_file, data_directory, write_private
from couchcal.settings_mail import BackupTable, BookingTable, MailTable, TextTable

if TYPE_CHECKING:
    from couchcal.scheduling.quickadd_days import DateOrder

VIEWS = ("day", "week", "month", "agenda")


class Settings(NamedTuple):
    """What a person may set; `settings_keys` says what each is for.

    `ascii` None follows the locale, so does an empty `date_order`; `week_start` (0 is Monday) None follows the
    practice. `keys` maps a command's name to its key(s). Of `[google]` empty is what `sync.google.config` says.
    """

    theme: str = "couchcal-dark"
    ascii: bool | None = None
    clock_24h: bool = True
    week_start: int | None = None
    row_minutes: int = 30
    first_hour: int = 8
    lock_minutes: int = 10
    names: str = "full"
    cli_names: str = "id"
    second_time_zone: str = ""
    date_order: DateOrder | Literal[""] = ""
    calendar_file: str = ""
    keep_years: int = 6
    google_client_secrets: str = ""
    google_api_url: str = ""
    mail: MailTable = MailTable()
    text: TextTable = TextTable()
    booking: BookingTable = BookingTable()
    backup: BackupTable = BackupTable()
    keys: dict[str, str] = {}  # noqa: RUF012  never mutated: settings are replaced whole
    problems: tuple[str, ...] = ()


def load(path: Path | None = None) -> Settings:
    """The settings of `path` (default: the platform's config.toml), defaults for what is absent or wrong."""
    path = path or config_file()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        return Settings(problems=(f"{path.name}: {error.strerror}; defaults are used",))
    from couchcal.settings_keys import read

    found, problems = read(content, path.name)
    return Settings(**found, problems=problems)


def write_setting(path: Path | None, key: str, value: Any) -> None:
    """Set one key of `path` (default: the platform's config.toml); None takes it out. Comments stay.

    Raises:
        Invalid: there is no such key, or the value is not allowed. Refused: the file is broken or read-only.
    """
    from couchcal.settings_file import write_settings

    write_settings({key: value}, path)


def remembered_view() -> str:
    """The view that was open last, `week` at first (CAL-01)."""
    try:
        view = _view_file().read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return "week"
    return view if view in VIEWS else "week"


def remember_view(view: str) -> None:
    """Keep the view for the next start; a disk that cannot be written to is no reason to stop."""
    try:
        write_private(_view_file(), view.encode("ascii"))
    except OSError:
        return


def _view_file() -> Path:
    return data_directory() / "view"


def wants_color() -> bool:
    """Whether colour is welcome (NO_COLOR)."""
    return not os.environ.get("NO_COLOR")
