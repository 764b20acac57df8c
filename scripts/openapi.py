"""The description of the API in OpenAPI 3.1, as docs/openapi.json: `python scripts/openapi.py` writes it, a test compares."""

from __future__ import annotations

import json
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def described() -> str:
    """The description, as the code has it now."""
    import countenance.records  # noqa: F401 - sets Django up
    from countenance.api.urls import API

    schema = API.get_openapi_schema(path_prefix="/api/v1/")
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PAGE.write_text(described(), "utf-8")
    print(PAGE)
