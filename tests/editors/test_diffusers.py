"""An inpainting pipeline of the diffusers library: tiny, randomly initialised here, nothing downloaded."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from editproof.editors.registry import editor_from_spec
from editproof.errors import EditorError
from editproof.testing import check_editor, contract_requests
from editproof.types import EditStatus

LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)] + ["."]
TOKENS = [*LETTERS, *[f"{letter}</w>" for letter in LETTERS], "<|startoftext|>", "<|endoftext|>"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A whole pipeline of 0.2 million weights, saved as any is."""
    from editproof.core.timm_import import imported

    diffusers = imported("diffusers")
    torch = imported("torch")
    transformers = imported("transformers")
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("pipelines") / "tiny"
    words = folder.with_name("words")
    words.mkdir()
    (words / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(TOKENS)}))
    (words / "merges.txt").write_text("#version: 0.2\n")
    tokens = len(TOKENS)
    text = transformers.CLIPTextConfig(
        vocab_size=tokens, hidden_size=16, intermediate_size=24, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=77, bos_token_id=tokens - 2, eos_token_id=tokens - 1, pad_token_id=tokens - 1,
    )  # fmt: skip
    blocks = {"block_out_channels": (8, 16), "norm_num_groups": 4}
    diffusers.StableDiffusionInpaintPipeline(
        unet=diffusers.UNet2DConditionModel(
            sample_size=16, in_channels=9, out_channels=4, layers_per_block=1, cross_attention_dim=16,
            attention_head_dim=2, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), **blocks,
        ),
        vae=diffusers.AutoencoderKL(
            latent_channels=4, down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
            **blocks,
        ),
        scheduler=diffusers.DDIMScheduler(clip_sample=False, steps_offset=1),
        text_encoder=transformers.CLIPTextModel(text).eval(),
        tokenizer=transformers.CLIPTokenizer(str(words / "vocab.json"), str(words / "merges.txt"), model_max_length=77),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def tiny(weights):
    return editor_from_spec(f"diffusers:{weights}?steps=2&guidance=2&multiple=16")


def test_contract(tiny):
    check_editor(tiny, [request for request in contract_requests() if request.image.shape == (75, 53)])


def test_equal_seeds_give_equal_pixels_and_others_others(tiny, request_of):
    first, again, other = (tiny(request_of(repeat=repeat)).image for repeat in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()
    assert "equal seeds give equal pixels" in tiny.card.description
    assert not tiny.card.deterministic


def test_white_marks_what_may_change(tiny, request_of, monkeypatch):
    sent = {}
    whole = tiny.tool._pipeline

    def pipeline(**given):
        sent.update(given)
        return whole(**given)

    monkeypatch.setitem(vars(tiny.tool), "_pipeline", pipeline)
    request = request_of()
    outcome = tiny(request)
    image, mask = np.asarray(sent["image"]), np.asarray(sent["mask_image"])
    assert (image[:75, :53] == request.image[..., None]).all(), "gray as three equal channels"
    assert image.shape == (80, 64, 3), "padded to multiples of 16"
    assert ((mask[:75, :53] == 255) == request.edit_mask).all()
    assert not mask[75:].any()
    assert not mask[:, 53:].any()
    assert outcome.image.shape == request.image.shape
    assert outcome.raw.startswith(b"\x89PNG")
    assert (sent["prompt"], sent["num_inference_steps"], sent["guidance_scale"]) == (request.prompt, 2, 2.0)


def test_a_withheld_picture_is_a_refusal(tiny, request_of, monkeypatch):
    class Withheld:
        images = ()
        nsfw_content_detected = (True,)

    monkeypatch.setitem(vars(tiny.tool), "_pipeline", lambda **given: Withheld())
    assert tiny(request_of()).status is EditStatus.REFUSED


def test_the_card_knows_weights_and_versions(weights, tiny, tmp_path):
    assert tiny.card.sends_data_to is None
    assert tiny.card.geometry == "pad:16"
    other = tmp_path / "tiny"
    shutil.copytree(weights, other)
    assert editor_from_spec(f"diffusers:{other}").card.version == tiny.card.version
    (other / "scheduler" / "scheduler_config.json").write_text("{}")
    assert editor_from_spec(f"diffusers:{other}").card.version != tiny.card.version


def test_a_folder_that_does_not_load_ends_the_run(tmp_path, request_of):
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": "NoSuchPipeline"}))
    with pytest.raises(EditorError, match="the pipeline does not load"):
        editor_from_spec(f"diffusers:{tmp_path}")(request_of())


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("", "no folder"), ("someone/some-model", "no model_index.json"), ("{folder}?size=4", "option size"),
        ("{folder}?steps=x", "steps = 'x'"), ("{folder}?strength=2", "strength = '2'"), ("{folder}?dtype=int8", "dtype = 'int8'"),
        ("{folder}?steps=0", "steps = '0'"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(weights, argument, found):
    with pytest.raises(EditorError) as refused:
        editor_from_spec(f"diffusers:{argument.format(folder=weights)}")
    assert found in refused.value.found
