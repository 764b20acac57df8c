"""The witness's HTTP interface (C2SP tlog-witness): one call to write, one page to read."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from countenance.primitives.clock import iso
from countenance.primitives.errors import CountenanceError, FormatError
from countenance.witness.request import BODY_BYTES_MAX, parse_request
from countenance.witness.witness import Cosigned, Refusal, Witness

PATH = "/add-checkpoint"
_SECONDS = 10.0
_STATUS = {
    Refusal.UNKNOWN_LOG: 404,
    Refusal.NOT_SIGNED: 403,
    Refusal.BAD_REQUEST: 400,
    Refusal.OTHER_SIZE: 409,
    Refusal.FORKED: 409,
    Refusal.INCONSISTENT: 422,
}
_TEXT = "text/plain; charset=utf-8"

_log = logging.getLogger(__name__)


class WitnessServer(ThreadingHTTPServer):
    """Serves one witness. Bind it to a public address behind something that speaks TLS."""

    daemon_threads = True
    request_queue_size = 32

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        self.witness = witness
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: WitnessServer
    protocol_version = "HTTP/1.1"
    server_version = "countenance-witness"
    sys_version = ""
    timeout = _SECONDS

    def do_POST(self) -> None:
        """`add-checkpoint`."""
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdigit() or int(length) > BODY_BYTES_MAX:
            self.close_connection = True  # what follows is not read
            self._answer(411 if not length else 413, "")
            return
        body = self.rfile.read(int(length))
        if self.path != PATH:
            self._answer(404, "")
            return
        try:
            answer = self.server.witness.add_checkpoint(parse_request(body))
        except FormatError:
            self._answer(400, "")
        except CountenanceError as error:
            _log.error("not cosigned: %s", error.code)
            self._answer(503, "")
        else:
            if isinstance(answer, Cosigned):
                _log.info("cosigned %s at %d", answer.origin, answer.size)
                self._answer(200, answer.line)
            elif answer.size is not None:
                self._answer(_STATUS[answer.why], f"{answer.size}\n", kind="text/x.tlog.size")
            else:
                self._answer(_STATUS[answer.why], "")

    def do_GET(self) -> None:
        """Who this witness is, and what it has cosigned: for people."""
        if self.path != "/":
            self._answer(404, "")
            return
        witness = self.server.witness
        lines = [witness.key.vkey, ""]
        for log in witness.logs():
            at = "-" if log.cosigned_at is None else iso(log.cosigned_at)
            lines.append(f"{log.origin} {log.size} {at} refused-although-signed={log.evidence}")
        self._answer(200, "\n".join(lines) + "\n")

    def _answer(self, status: int, text: str, *, kind: str = _TEXT) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        _log.debug(format, *args)
