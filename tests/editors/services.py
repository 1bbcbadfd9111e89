"""A loopback server that speaks the protocols of Stability, Replicate, BFL and ComfyUI as their documentation has them."""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.editors.post_office import multipart
from tests.editors.server import Quiet, edited, pixels, png

KEYS = {
    "/v2beta": ("authorization", "Bearer key-of-stability"),
    "/v1/models": ("authorization", "Bearer key-of-replicate"),
}
KEYS |= {
    "/v1/predictions": KEYS["/v1/models"],
    "/v1/flux": ("x-key", "key-of-bfl"),
    "/v1/get_result": ("x-key", "key-of-bfl"),
}


class Services:
    """Jobs take ``asks`` questions until they are done; what was asked is in ``requests``, edits made in ``made``."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.asks, self.end = 2, "done"
        self.jobs: dict[str, list] = {}
        self.faults: list[int] = []
        self.http = Quiet(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    @property
    def made(self) -> int:
        """Requests that start an edit."""
        return sum(method == "POST" for method, _ in self.requests)

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def _handler(service: Services) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def known(self) -> bool:
            path = urlsplit(self.path).path
            service.requests.append((self.command, path))
            for start, (name, text) in KEYS.items():
                if path.startswith(start) and self.headers.get(name) != text:
                    self.reply(401, {"detail": "You did not pass a valid authentication token"})
                    return False
            return True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not self.known():
                return
            path = urlsplit(self.path).path
            if path == "/v2beta/stable-image/edit/inpaint":
                told = multipart(self.headers["Content-Type"], body)
                answer = {
                    "image": self.edit(told["image"], told["mask"]),
                    "finish_reason": "SUCCESS",
                    "seed": told["seed"],
                }
                if service.end == "refused":
                    answer["finish_reason"] = "CONTENT_FILTERED"
                self.reply(200, answer)
            elif path.endswith("/predictions"):
                told = json.loads(body)["input"]
                job = self.submitted(*(told[name].removeprefix("data:image/png;base64,") for name in ("image", "mask")))
                self.reply(
                    201, {"id": job, "status": "starting", "urls": {"get": f"{service.url}/v1/predictions/{job}"}}
                )
            elif path.startswith("/v1/flux"):
                told = json.loads(body)
                job = self.submitted(told["image"], told["mask"])
                self.reply(200, {"id": job, "polling_url": f"{service.url}/v1/get_result?id={job}"})
            else:
                told = json.loads(body)["prompt"]
                job = self.submitted(told["1"]["inputs"]["image"], told["2"]["inputs"]["mask"])
                self.reply(200, {"prompt_id": job, "number": 1, "node_errors": {}})

        def edit(self, image: bytes | str, mask: bytes | str) -> str:
            one, other = (pixels(base64.b64decode(x) if isinstance(x, str) else x) for x in (image, mask))
            return base64.b64encode(png(edited(one, other > 127))).decode()

        def submitted(self, image: str, mask: str) -> str:
            job = f"job{len(service.jobs)}"
            service.jobs[job] = [service.asks, base64.b64decode(self.edit(image, mask))]
            return job

        def do_GET(self) -> None:
            if not self.known():
                return
            if service.faults:
                self.reply(service.faults.pop(0), {"detail": "later"})
                return
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path.startswith("/files/"):
                self.send(200, service.jobs[parts.path.split("/")[2]][1], "image/png")
                return
            if parts.path == "/view":
                assert query["type"] == "output"
                self.send(200, service.jobs[query["filename"].removesuffix("_0 1.png")][1], "image/png")
                return
            job = query.get("id") or parts.path.rsplit("/", 1)[1]
            service.jobs[job][0] -= 1
            self.reply(200, self.state(parts.path, job, done=service.jobs[job][0] <= 0))

        def state(self, path: str, job: str, *, done: bool) -> dict:
            file, refused = f"{service.url}/files/{job}/out.png", service.end == "refused"
            if path.startswith("/v1/predictions"):
                if done and refused:
                    return {"id": job, "status": "failed", "error": "NSFW content detected. Try a different prompt."}
                return {"id": job, "status": "succeeded" if done else "processing", "output": file if done else None}
            if path == "/v1/get_result":
                if done and refused:
                    return {"id": job, "status": "Request Moderated", "result": None}
                return {
                    "id": job,
                    "status": "Ready" if done else "Pending",
                    "result": {"sample": file} if done else None,
                }
            image = {"filename": f"{job}_0 1.png", "subfolder": "", "type": "output"}
            return {job: {"outputs": {"9": {"images": [image]}}, "status": {"completed": True}}} if done else {}

        def reply(self, status: int, value: dict) -> None:
            self.send(status, json.dumps(value).encode(), "application/json")

        def send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
