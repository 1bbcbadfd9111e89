"""A loopback server that speaks the Images API's wire protocol, IOPaint's and A1111's, and every way to fail."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

from tests.editors.post_office import PostOffice, multipart

KEY = "sk-hidden-4711-do-not-write"


class Quiet(ThreadingHTTPServer):
    """Says nothing of clients that went away."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Server:
    """What it was asked, and how it shall answer: a scenario by name, or one per request in turn."""

    def __init__(self) -> None:
        self.requests: list[dict] = []
        self.billed: Counter[str] = Counter()
        self.script: list[str | tuple] = []
        """Names of scenarios, or answers as they are: status, body (an object or bytes) and headers."""
        self.files: dict[str, bytes] = {}
        self.latency_s = 0.0  # from a request's arrival to its answer, whatever is computed in between
        self.waits_for = 0
        """Requests under way at once that an answer waits for, as long as ``latency_s`` allows; 0 for none."""
        self.by_seed = False
        self.post = PostOffice(self)
        self.under_way = self.peak = 0
        self.lock = threading.Lock()
        self.http = Quiet(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        self.http.request_queue_size = 64
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.port = self.http.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def openai(self, **options: object) -> str:
        query = "&".join(f"{name}={value}" for name, value in {"canvas": "16", **options}.items())
        return f"openai:gpt-image-2?base_url={self.url}/v1&{query}"

    def next_scenario(self) -> str | tuple:
        with self.lock:
            return self.script.pop(0) if len(self.script) > 1 else (self.script or ["ok"])[0]

    def made(self, fields: dict, scenario: str = "ok") -> dict:
        """The body of an answer to one request, which is billed."""
        image = pixels(fields["image"])
        field = next(name for name in fields if name.startswith("mask"))
        mask = pixels(fields[field])
        alpha = mask.ndim == 3 and mask.shape[2] == 4
        result = edited(image, mask[..., 3] == 0 if alpha else mask > 127)
        if scenario == "wrong_size":
            result = result[:-16]
        content = png(result, ".jpg" if scenario == "jpeg" else ".png")
        text = base64.b64encode(content).decode()
        if scenario == "truncated":
            text = text[: len(text) // 2 // 4 * 4 + 1]
        n = int(fields["n"]) - (scenario == "fewer")
        usage = {
            "input_tokens": 1100, "output_tokens": 1000 * n, "total_tokens": 1100 + 1000 * n,
            "input_tokens_details": {"text_tokens": 100, "image_tokens": 1000},
        }  # fmt: skip
        with self.lock:
            self.billed[str(len(self.billed))] += n
        return {"created": 1, "data": [{"b64_json": text}] * n, "usage": usage}

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def edited(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """What this server's model does: the editable pixels are inverted."""
    return np.where(mask if image.ndim == 2 else mask[..., None], 255 - image, image).astype(np.uint8)


def png(pixels: np.ndarray, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1] if suffix == ".png" else [])[1].tobytes()


def pixels(content: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        due: float | None = None

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            if self.path in server.files:
                self.send(200, server.files[self.path], "image/png")
                return
            server.post.answer(self, b"")

        def do_DELETE(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if server.post.is_for(self.path):
                server.post.answer(self, body)
                return
            self.due = time.monotonic() + server.latency_s
            with server.lock:
                server.under_way += 1
                server.peak = max(server.peak, server.under_way)
            if self.path.endswith("/images/edits"):
                self.images(body)
            elif self.path == "/api/v1/inpaint":
                self.iopaint(json.loads(body))
            elif self.path == "/any":
                with server.lock:
                    server.requests.append(json.loads(body))
                self.say(*server.next_scenario())
            else:
                self.a1111(json.loads(body))

        def hold(self) -> None:
            """Wait until the answer is due; from then on the request is no longer under way."""
            if self.due is None:
                return
            while (left_s := self.due - time.monotonic()) > 0 and not 0 < server.waits_for <= server.peak:
                time.sleep(min(left_s, 0.01) if server.waits_for else left_s)
            self.due = None
            with server.lock:
                server.under_way -= 1

        def images(self, body: bytes) -> None:
            fields = multipart(self.headers["Content-Type"], body)
            with server.lock:
                server.requests.append(
                    {**fields, "headers": {name.lower(): text for name, text in self.headers.items()}, "bytes": body}
                )
            scenario = server.next_scenario()
            if isinstance(scenario, tuple):
                self.say(*scenario)
                return
            answer = getattr(self, f"say_{scenario}", None)
            if answer:
                answer(fields)
            else:
                self.success(fields, scenario)

        def success(self, fields: dict, scenario: str) -> None:
            self.reply(200, server.made(fields, scenario))

        def say_rate_limit(self, _: dict) -> None:
            error = {"message": "Rate limit reached", "type": "requests", "code": "rate_limit_exceeded"}
            headers = {
                "retry-after": "0.05",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "50ms",
            }
            self.reply(429, {"error": error}, headers)

        def say_quota(self, _: dict) -> None:
            self.reply(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}})

        def say_moderation(self, _: dict) -> None:
            self.reply(400, {"error": {"message": "Your request was rejected", "code": "moderation_blocked"}})

        def say_bad(self, _: dict) -> None:
            self.reply(400, {"error": {"message": "Invalid size", "code": "invalid_value"}})

        def say_auth(self, _: dict) -> None:
            key = self.headers["Authorization"]
            self.reply(401, {"error": {"message": f"Incorrect API key: {key}", "code": "invalid_api_key"}})

        def say_gone(self, _: dict) -> None:
            self.reply(404, {"error": {"message": "The model does not exist", "code": "model_not_found"}})

        def say_error(self, _: dict) -> None:
            self.reply(500, {"error": {"message": "The server had an error", "code": None}})

        def say_redirect(self, _: dict) -> None:
            self.reply(307, {}, {"Location": "http://192.0.2.1/v1/images/edits"})

        def say_echo(self, _: dict) -> None:
            key = self.headers["Authorization"]
            self.reply(400, {"error": {"message": f"What is {key}?", "code": "odd"}})

        def say_html(self, _: dict) -> None:
            self.send(200, b"<html><body>Please log in</body></html>", "text/html")

        def say_slow(self, fields: dict) -> None:
            time.sleep(1.0)
            self.success(fields, "ok")

        def say_cut(self, _: dict) -> None:
            with server.lock:
                server.billed["cut"] += 1
            self.hold()
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n{")
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True

        def iopaint(self, body: dict) -> None:
            image, mask = (pixels(base64.b64decode(body[name])) for name in ("image", "mask"))
            with server.lock:
                server.requests.append(body)
                server.billed[f"{body['sd_seed']}"] += 1
            if image.ndim == 2:
                image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
            result = edited(image, mask > 127)
            if server.by_seed:
                result[mask > 127] = body["sd_seed"] % 256
            self.send(200, png(result), "image/png", {"X-Seed": "42"})

        def a1111(self, body: dict) -> None:
            image, mask = (pixels(base64.b64decode(text)) for text in (body["init_images"][0], body["mask"]))
            assert image.shape[:2] == (body["height"], body["width"])
            text = base64.b64encode(png(edited(image, mask > 127))).decode()
            self.reply(200, {"images": [text], "parameters": {}, "info": "{}"})

        def say(self, status: int, body: dict | bytes, headers: dict | None = None) -> None:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send(status, content, "application/json", headers)

        def reply(self, status: int, value: dict, headers: dict | None = None) -> None:
            self.send(status, json.dumps(value).encode(), "application/json", headers)

        def send(self, status: int, body: bytes, kind: str, headers: dict | None = None) -> None:
            self.hold()
            self.send_response(status)
            for name, text in {"Content-Type": kind, "Content-Length": str(len(body)), "x-request-id": "req_1",
                               **(headers or {})}.items():  # fmt: skip
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(body)

    return Handler
