"""A loopback server that speaks the protocols of the services that presets are for, as their documentation has them."""

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
    "/v1/images": ("authorization", "Bearer key-of-litellm"),
    "/openai/": ("api-key", "key-of-azure"),
    "/v1beta": ("x-goog-api-key", "key-of-gemini"),
    "/fal-ai": ("authorization", "Key key-of-fal"),
}
MODERATED = "Your request was rejected as a result of our safety system."


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
            elif path.endswith("/images/edits"):
                self.images_api(path, multipart(self.headers["Content-Type"], body))
            elif path.startswith("/v1beta/models/"):
                self.gemini(path, json.loads(body))
            elif path.startswith("/fal-ai/"):
                told = json.loads(body)
                job = self.submitted(
                    *(told[name].removeprefix("data:image/png;base64,") for name in ("image_url", "mask_url"))
                )
                at = f"{service.url}/fal-ai/flux-pro/requests/{job}"
                self.reply(
                    200, {"request_id": job, "status": "IN_QUEUE", "response_url": at, "status_url": f"{at}/status"}
                )
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

        def images_api(self, path: str, told: dict) -> None:
            """The Images API as Azure's deployments and LiteLLM serve it."""
            if path.startswith("/openai/"):
                assert parse_qs(urlsplit(self.path).query)["api-version"]
                assert path.split("/")[3] == "gpt-image-1"
            else:
                assert (told["model"], self.headers["x-litellm-num-retries"]) == ("gpt-image-2", "0")
            if service.end == "refused":
                self.reply(
                    400,
                    {
                        "error": {
                            "code": "moderation_blocked",
                            "message": MODERATED,
                            "type": "image_generation_user_error",
                        }
                    },
                )
                return
            image = told["image[]" if path.startswith("/openai/") else "image"]
            assert told["size"] == "{1}x{0}".format(*pixels(image).shape)
            self.reply(200, {"created": 1, "data": [{"b64_json": self.edit(image, told["mask"])}]})

        def gemini(self, path: str, told: dict) -> None:
            assert path.endswith(":generateContent")
            image, mask = (part["inlineData"]["data"] for part in told["contents"][0]["parts"] if "inlineData" in part)
            if service.end == "refused":
                self.reply(
                    200,
                    {
                        "candidates": [{"finishReason": "IMAGE_SAFETY", "index": 0}],
                        "usageMetadata": {"totalTokenCount": 9},
                    },
                )
                return
            part = {"inlineData": {"mimeType": "image/png", "data": self.edit(image, mask)}}
            content = {"role": "model", "parts": [{"text": "Here it is."}, part]}
            self.reply(
                200,
                {"candidates": [{"content": content, "finishReason": "STOP"}], "usageMetadata": {"totalTokenCount": 9}},
            )

        def edit(self, image: bytes | str, mask: bytes | str) -> str:
            one, other = (pixels(base64.b64decode(x) if isinstance(x, str) else x) for x in (image, mask))
            mask = other[..., 3] == 0 if other.ndim == 3 else other > 127
            return base64.b64encode(png(edited(one, mask))).decode()

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
            job = query.get("id") or parts.path.removesuffix("/status").rsplit("/", 1)[1]
            if "/requests/" in parts.path and not parts.path.endswith("/status"):
                self.fal_result(job)
                return
            service.jobs[job][0] -= 1
            self.reply(200, self.state(parts.path, job, done=service.jobs[job][0] <= 0))

        def fal_result(self, job: str) -> None:
            if service.jobs[job][0] > 0:
                self.reply(400, {"detail": "Request is still in progress"})
                return
            if service.end == "refused":
                wrong = {
                    "loc": ["body", "prompt"],
                    "msg": "flagged by a content checker",
                    "type": "content_policy_violation",
                }
                self.reply(422, {"detail": [wrong]})
                return
            file = {"url": f"{service.url}/files/{job}/out.png", "content_type": "image/png"}
            self.reply(
                200, {"images": [file], "seed": 1, "has_nsfw_concepts": [service.end == "blackened"], "prompt": "x"}
            )

        def state(self, path: str, job: str, *, done: bool) -> dict:
            file, refused = f"{service.url}/files/{job}/out.png", service.end == "refused"
            if path.startswith("/v1/predictions"):
                if done and refused:
                    return {"id": job, "status": "failed", "error": "NSFW content detected. Try a different prompt."}
                return {"id": job, "status": "succeeded" if done else "processing", "output": file if done else None}
            if path.startswith("/fal-ai/"):
                return {"status": "COMPLETED" if done else "IN_PROGRESS", "request_id": job}
            if path == "/v1/get_result":
                if done and refused:
                    return {"id": job, "status": "Request Moderated", "result": None}
                return {
                    "id": job,
                    "status": "Ready" if done else "Pending",
                    "result": {"sample": file} if done else None,
                }
            if done and refused:
                return {
                    job: {
                        "outputs": {},
                        "status": {"status_str": "error", "completed": False, "messages": [["execution_error", {}]]},
                    }
                }
            image = {"filename": f"{job}_0 1.png", "subfolder": "", "type": "output"}
            return (
                {job: {"outputs": {"9": {"images": [image]}}, "status": {"status_str": "success", "completed": True}}}
                if done
                else {}
            )

        def reply(self, status: int, value: dict) -> None:
            self.send(status, json.dumps(value).encode(), "application/json")

        def send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
