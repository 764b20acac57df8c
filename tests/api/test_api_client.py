"""A client that a maintained generator makes of the description works against a real server."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import openapi
import pytest
from api_parts import Api
from house import PURPOSE, photograph
from waitress.server import create_server

from countenance.web.site import application


@pytest.fixture
def address(api: Api) -> Iterator[str]:
    server = create_server(
        application(api.house.workspace.directory, clock=api.house.clock), host="127.0.0.1", port=0, threads=2
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(10)


STORY = """
import sys
from io import BytesIO
from countenance_client import AuthenticatedClient
from countenance_client.api.acts import case_open
from countenance_client.api.lists import list_records_cases
from countenance_client.api.searches import search
from countenance_client.models import CaseOpen, Problem, SearchMultiPartBodyParams, SearchMultiPartBodyParamsPurpose
from countenance_client.types import File

address, token, picture, purpose = sys.argv[1:]
client = AuthenticatedClient(base_url=address, token=token, raise_on_unexpected_status=True)
body = CaseOpen.from_dict({"purpose": purpose, "reference": "From a client", "on_behalf_of": "Tracing",
                           "on_behalf_of_jurisdiction": "CA"})
done = case_open.sync(client=client, body=body, idempotency_key="one")
again = case_open.sync(client=client, body=body, idempotency_key="one")
assert done.to_dict() == again.to_dict(), (done, again)
case = done.record["case"]
page = list_records_cases.sync(client=client, limit=10)
assert case in [row.to_dict()["case"] for row in page.items], page


def ask(case):
    with open(picture, "rb") as file:
        photo = File(payload=BytesIO(file.read()), file_name="probe.jpg", mime_type="image/jpeg")
    why = SearchMultiPartBodyParamsPurpose(purpose)
    return search.sync(client=client, body=SearchMultiPartBodyParams(case=case, purpose=why, photographs=[photo]))


found = ask(case)
assert found.kind == "candidates", found
assert found.candidates[0].person == "P001", found
assert found.candidates[0].comparison_score.space_id == found.space_id
wrong = ask("C-0000-0000")
assert isinstance(wrong, Problem) and wrong.reason == "no-case", wrong
print("done")
"""


def test_a_generated_client(api: Api, address: str, tmp_path: Path) -> None:
    house = api.house
    house.enrol(house.person("P001"), photograph("P001"))
    config = tmp_path / "config.yaml"
    config.write_text("post_hooks: []\npackage_name_override: countenance_client\n")
    made = tmp_path / "client"
    subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate"),
            *("--path", str(openapi.PAGE), "--output-path", str(made), "--config", str(config)),
            *("--meta", "none", "--fail-on-warning"),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    made.rename(tmp_path / "countenance_client")
    picture = tmp_path / "probe.jpg"
    picture.write_bytes(photograph("P001", "amateur_selfie"))
    story = tmp_path / "story.py"
    story.write_text(STORY)
    run = subprocess.run(
        [sys.executable, str(story), address, api.token(house.caseworker), str(picture), PURPOSE],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
    )
    assert run.stdout.strip() == "done", run.stdout + run.stderr
