"""The folder in which weights are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_cache_path


def cache_folder() -> Path:
    """Where weights are kept: DREAMVID_CACHE, else dreamvid's folder in the platform's cache."""
    if given := os.environ.get("DREAMVID_CACHE"):
        return Path(given)
    return user_cache_path("dreamvid", appauthor=False, opinion=False)
