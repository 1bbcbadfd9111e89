"""Templates of services that many people use, each as its public documentation describes the request and the answer."""

from __future__ import annotations

from typing import Any, Final

PRESETS: Final[dict[str, dict[str, Any]]] = {
    "iopaint": {
        "url": "http://127.0.0.1:8080",
        "path": "/api/v1/inpaint",
        "body": {"image": "{image}", "mask": "{mask}", "prompt": "{prompt}", "sd_seed": "{seed}"},
        "answer": "raw",
        "model_path": "/api/v1/model",
        "model_field": "name",
    },
    "a1111": {
        "url": "http://127.0.0.1:7860",
        "path": "/sdapi/v1/img2img",
        "body": {
            "init_images": ["{image}"],
            "mask": "{mask}",
            "inpainting_mask_invert": 0,
            "inpaint_full_res": False,
            "prompt": "{prompt}",
            "seed": "{seed}",
            "width": "{width}",
            "height": "{height}",
        },
        "answer": "images.0",
        "multiple": 8,
        "model_path": "/sdapi/v1/options",
        "model_field": "sd_model_checkpoint",
    },
    "stability": {
        "url": "https://api.stability.ai",
        "path": "/v2beta/stable-image/edit/inpaint",
        "encoding": "multipart",
        "headers": {"Authorization": "Bearer ${STABILITY_API_KEY}", "Accept": "application/json"},
        "body": {"image": "{image}", "mask": "{mask}", "prompt": "{prompt}", "seed": "{seed}", "output_format": "png"},
        "answer": "image",
    },
    "replicate": {
        "url": "https://api.replicate.com",
        "path": "/v1/models/black-forest-labs/flux-fill-pro/predictions",
        "headers": {"Authorization": "Bearer ${REPLICATE_API_TOKEN}"},
        "body": {
            "input": {
                "image": "data:image/png;base64,{image}",
                "mask": "data:image/png;base64,{mask}",
                "prompt": "{prompt}",
                "seed": "{seed}",
                "output_format": "png",
            }
        },
        "poll": {"url": "{urls.get}", "status": "status", "done": ["succeeded"], "failed": ["failed", "canceled"]},
        "answer": "output",
        "files_from": ["replicate.delivery"],
        "multiple": 32,
    },
    "bfl": {
        "url": "https://api.bfl.ai",
        "path": "/v1/flux-pro-1.0-fill",
        "headers": {"x-key": "${BFL_API_KEY}"},
        "body": {
            "image": "{image}", "mask": "{mask}", "prompt": "{prompt}", "seed": "{seed}", "output_format": "png",
        },
        "poll": {
            "url": "{polling_url}",
            "status": "status",
            "done": ["Ready"],
            "failed": ["Error", "Request Moderated", "Content Moderated", "Task not found"],
            "hosts": ["bfl.ai"],
        },
        "answer": "result.sample",
        "files_from": ["bfl.ai"],
        "multiple": 32,
    },
    "litellm": {
        "url": "http://127.0.0.1:4000",
        "path": "/v1/images/edits",
        "encoding": "multipart",
        "headers": {"Authorization": "Bearer ${LITELLM_API_KEY}", "x-litellm-num-retries": "0"},
        "body": {
            "model": "{model}", "image": "{image}", "mask": "{mask}", "prompt": "{prompt}", "n": "1",
            "size": "{width}x{height}",
        },
        "model": "gpt-image-2",
        "mask": "alpha",
        "rgb": True,
        "answer": "data.0.b64_json",
        "multiple": 16,
    },
    "azure": {
        "path": "/openai/deployments/{model}/images/edits",
        "query": {"api-version": "2025-04-01-preview"},
        "encoding": "multipart",
        "headers": {"api-key": "${AZURE_OPENAI_API_KEY}"},
        "body": {
            "image[]": "{image}", "mask": "{mask}", "prompt": "{prompt}", "n": "1", "size": "{width}x{height}",
        },
        "model": "gpt-image-1",
        "mask": "alpha",
        "rgb": True,
        "answer": "data.0.b64_json",
        "multiple": 16,
    },
    "gemini": {
        "url": "https://generativelanguage.googleapis.com",
        "path": "/v1beta/models/{model}:generateContent",
        "headers": {"x-goog-api-key": "${GEMINI_API_KEY}"},
        "body": {
            "contents": [
                {
                    "parts": [
                        {"text": "{prompt}"},
                        {"inlineData": {"mimeType": "image/png", "data": "{image}"}},
                        {"text": "The next picture is a mask: change what is white in it, and nothing else."},
                        {"inlineData": {"mimeType": "image/png", "data": "{mask}"}},
                    ]
                }
            ],
            "generationConfig": {"responseModalities": ["TEXT", "IMAGE"], "seed": "{seed}"},
        },
        "model": "gemini-2.5-flash-image",
        "answer": "candidates.0.content.parts.*.inlineData.data",
    },
    "fal": {
        "url": "https://queue.fal.run",
        "path": "/fal-ai/flux-pro/v1/fill",
        "headers": {"Authorization": "Key ${FAL_KEY}"},
        "body": {
            "image_url": "data:image/png;base64,{image}",
            "mask_url": "data:image/png;base64,{mask}",
            "prompt": "{prompt}",
            "seed": "{seed}",
            "output_format": "png",
        },
        "poll": {
            "url": "{status_url}",
            "status": "status",
            "done": ["COMPLETED"],
            "failed": ["FAILED", "ERROR", "CANCELLED"],
            "result": "{response_url}",
        },
        "answer": "images.0.url",
        "files_from": ["fal.media"],
        "multiple": 32,
    },
    "comfyui": {
        "url": "http://127.0.0.1:8188",
        "path": "/prompt",
        "body": {
            "prompt": {
                "1": {"class_type": "ETN_LoadImageBase64", "inputs": {"image": "{image}"}},
                "2": {"class_type": "ETN_LoadMaskBase64", "inputs": {"mask": "{mask}"}},
                "3": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "{model}"}},
                "4": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["3", 1], "text": "{prompt}"}},
                "5": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["3", 1], "text": ""}},
                "6": {
                    "class_type": "VAEEncodeForInpaint",
                    "inputs": {"pixels": ["1", 0], "vae": ["3", 2], "mask": ["2", 0], "grow_mask_by": 6},
                },
                "7": {
                    "class_type": "KSampler",
                    "inputs": {
                        "model": ["3", 0], "positive": ["4", 0], "negative": ["5", 0], "latent_image": ["6", 0],
                        "seed": "{seed}", "steps": 30, "cfg": 7.5, "sampler_name": "euler", "scheduler": "normal",
                        "denoise": 1.0,
                    },
                },
                "8": {"class_type": "VAEDecode", "inputs": {"samples": ["7", 0], "vae": ["3", 2]}},
                "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "editproof"}},
            }
        },
        "model": "512-inpainting-ema.safetensors",
        "poll": {
            "url": "/history/{prompt_id}", "status": "*.status.status_str", "done": ["success"], "failed": ["error"],
        },
        "answer": "*.outputs.*.images.0.filename",
        "file": "/view?filename={*.outputs.*.images.0.filename}&subfolder={*.outputs.*.images.0.subfolder}"
        "&type={*.outputs.*.images.0.type}",
        "multiple": 8,
    },
}  # fmt: skip
"""Templates by name. White marks what may change, but for Azure and LiteLLM, where it is transparent.

References
----------
ComfyUI: docs.comfy.org/development/comfyui-server/comms_routes, with the nodes of comfyui-tooling-nodes; LiteLLM:
docs.litellm.ai/docs/image_edits and /docs/proxy/request_headers; Azure:
learn.microsoft.com/azure/ai-services/openai/how-to/dall-e; Gemini: ai.google.dev/api (generateContent); BFL:
docs.bfl.ai/flux_tools/flux_1_fill; fal: fal.ai/docs/api-reference/inference-api and
fal.ai/models/fal-ai/flux-pro/v1/fill/llms.txt.
"""
