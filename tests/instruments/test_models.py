"""Models of the user's: what the card says is what is read, and what contradicts it is one clear error."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from editproof.errors import InstrumentError
from editproof.instruments.registry import instrument_from_spec
from editproof.types import Instrument

from .cards import PREPARED, images, onnx_bytes, written

onnx = pytest.importorskip("onnx")
NONE = [{}] * 3
MEANS = np.array([0.098, 0.2, 0.298])


def instrument(path, **options):
    return instrument_from_spec(str(path), **options)


def test_an_onnx_model_reads_what_its_card_says(tmp_path):
    tiny = instrument(written(tmp_path, {"m.onnx": onnx_bytes()}))
    reading = tiny.predict(images(), NONE)["brightness"]
    assert isinstance(tiny, Instrument)
    assert reading.shape == (1, 3)
    assert reading[0] == pytest.approx(MEANS, abs=1e-3)
    assert tiny.predict([], [])["brightness"].shape == (1, 0)


def test_sixteen_bits_read_as_eight(tmp_path):
    tiny = instrument(written(tmp_path, {"m.onnx": onnx_bytes()}))
    deep = tiny.predict(images(depth=np.uint16), NONE)["brightness"]
    assert deep == pytest.approx(tiny.predict(images(), NONE)["brightness"], abs=0.005)


def test_scale_and_offset_turn_the_output_into_the_unit(tmp_path):
    path = written(tmp_path, {"m.onnx": onnx_bytes()}, outputs={"brightness": {"scale": 100, "offset": 5}})
    assert instrument(path).predict(images(), NONE)["brightness"][0] == pytest.approx(100 * MEANS + 5, abs=0.1)


def test_classes_are_read_one_by_one_off_a_softmax(tmp_path):
    path = written(
        tmp_path,
        {"m.onnx": onnx_bytes(columns=3)},
        quantities=[{"name": f"class_{k}", "unit": "probability", "kind": "probability"} for k in range(3)],
        outputs={f"class_{k}": {"output": "reading", "index": k, "activation": "softmax"} for k in range(3)},
    )
    readings = instrument(path).predict(images(), NONE)
    logits = MEANS[:, None] * [1, 2, 3]
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert sum(readings.values())[0] == pytest.approx([1, 1, 1])
    assert readings["class_2"][0] == pytest.approx(wanted[:, 2], abs=1e-3)


@pytest.mark.parametrize("kind", ["UINT8", "INT32", "INT64", "FLOAT16"])
def test_an_input_of_whole_numbers_takes_gray_levels_and_no_fractions(tmp_path, kind):
    model = {"m.onnx": onnx_bytes(takes=kind)}
    levels = {**PREPARED, "stretch": "levels"}
    reading = instrument(written(tmp_path, model, preprocessing=levels)).predict(images(), NONE)["brightness"][0]
    assert reading == pytest.approx([25, 51, 76], abs=0.01)
    for fractions in (PREPARED, {**levels, "sd": 255}):
        refused = instrument(written(tmp_path, model, preprocessing=fractions))
        if kind == "FLOAT16":
            assert refused.predict(images(), NONE)["brightness"][0] == pytest.approx(MEANS, abs=1e-2)
            continue
        with pytest.raises(
            InstrumentError, match=rf"input pixels is a tensor\({kind.lower()}\), the card prepares frac"
        ):
            refused.predict(images(1), [{}])


def test_fractions_of_whole_dtype_are_refused_when_the_card_is_opened(tmp_path):
    path = written(tmp_path, {"m.onnx": onnx_bytes()}, preprocessing={**PREPARED, "dtype": "uint8"})
    with pytest.raises(InstrumentError, match="preprocessing makes fractions of dtype uint8"):
        instrument(path)


@pytest.mark.parametrize("batch", ["n", 1, 2])
def test_a_model_of_fixed_batch_reads_any_number(tmp_path, batch):
    tiny = instrument(written(tmp_path, {"m.onnx": onnx_bytes(batch=batch)}))
    assert tiny.predict(images(), NONE)["brightness"][0] == pytest.approx(MEANS, abs=1e-3)


def test_a_covariate_is_an_input(tmp_path):
    path = written(
        tmp_path, {"m.onnx": onnx_bytes(covariate="male")}, covariates=["sex"],
        inputs={"image": "pixels", "covariates": {"sex": {"input": "male", "scale": 2, "offset": -1}}},
    )  # fmt: skip
    told = [{"sex": float(k % 2), "brightness": 9.0} for k in range(3)]
    assert instrument(path).predict(images(), told)["brightness"][0] == pytest.approx(
        MEANS + np.array([-1, 1, -1]), abs=1e-3
    )


def test_a_covariate_chooses_the_model(tmp_path):
    files = {"f.onnx": onnx_bytes(), "m.onnx": _scaled(10.0)}
    path = written(
        tmp_path, files, covariates=["sex"], by_covariate={"sex": {"0": ["f.onnx"], "1": ["m.onnx"]}}
    )  # fmt: skip
    told = [{"sex": float(k % 2)} for k in range(3)]
    assert instrument(path).predict(images(), told)["brightness"][0] == pytest.approx(MEANS * [1, 10, 1], abs=0.01)
    with pytest.raises(InstrumentError, match=r"sex is 0\.5"):
        instrument(path).predict(images(1), [{"sex": 0.5}])
    with pytest.raises(InstrumentError, match="the reference sex is None"):
        instrument(path).predict(images(1), [{}])


def _scaled(factor):
    model = onnx.load_from_string(onnx_bytes())
    weights = next(w for w in model.graph.initializer if w.name == "weights")
    weights.CopyFrom(onnx.numpy_helper.from_array(np.array([[factor]], np.float32), "weights"))
    return model.SerializeToString()


def test_members_their_spread_and_the_mirror(tmp_path):
    files = {"a.onnx": _scaled(1.0), "b.onnx": _scaled(3.0)}
    path = written(tmp_path, files, options={"mirror": True, "uncertainty": "members"})
    readings = instrument(path).predict(images(), NONE)
    assert readings["brightness"] == pytest.approx(MEANS * [[1], [3]], abs=0.01)
    assert readings["brightness:uncertainty"] == pytest.approx(MEANS[None] * 2 / np.sqrt(2), abs=0.01)


def test_the_mirror_image_counts_as_much_as_the_image(tmp_path):
    source = "import numpy as np\nclass Left:\n    def predict(self, X): return X[:, 0, 0]\n"
    fields = {"runtime": "python", "factory": "left.py:Left", "inputs": {"as": "pixels"}}
    prepared = {**PREPARED, "layout": "NHW"}
    image = np.zeros((8, 8), np.uint8)
    image[0, 0] = 255
    for mirror, wanted in ((False, 1.0), (True, 0.5)):
        path = written(
            tmp_path, {"left.py": source.encode()}, preprocessing=prepared, options={"mirror": mirror}, **fields
        )
        assert instrument(path, trusted=True).predict([image], [{}])["brightness"][0, 0] == wanted


def test_an_uncertainty_may_be_an_output_of_the_model(tmp_path):
    outputs = {"brightness": {"index": 0, "uncertainty": {"index": 1, "scale": 0.5}}}
    path = written(tmp_path, {"m.onnx": onnx_bytes(columns=2)}, outputs=outputs)
    assert instrument(path).predict(images(), NONE)["brightness:uncertainty"] == pytest.approx(MEANS[None], abs=1e-3)


def test_torchscript_runs_only_where_it_is_trusted(tmp_path):
    torch = pytest.importorskip("torch")

    class Mean(torch.nn.Module):
        def forward(self, pixels):
            return pixels.mean(dim=(1, 2, 3))

    buffer = io.BytesIO()
    torch.jit.save(torch.jit.trace(Mean(), torch.zeros(2, 1, 8, 8)), buffer)
    path = written(tmp_path, {"m.pt": buffer.getvalue()}, runtime="torchscript")
    with pytest.raises(InstrumentError, match=r"runs code of its own \(TorchScript: m.pt\).*--trust-instrument"):
        instrument(path)
    reading = instrument(path, trusted=True).predict(images(), NONE)["brightness"][0]
    assert reading == pytest.approx(MEANS, abs=1e-3)


SCIKIT = """
import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression
def linear():
    X = np.tile(np.linspace(0, 1, 5)[:, None], 64)
    return LinearRegression().fit(X, np.linspace(0, 200, 5))
def logistic():
    X = np.tile(np.linspace(0, 1, 6)[:, None], 64)
    return [LogisticRegression().fit(X, np.arange(6) > 2), LogisticRegression(C=0.1).fit(X, np.arange(6) > 2)]
"""


def test_a_scikit_learn_model_predicts(tmp_path):
    fields = {"runtime": "python", "factory": "models.py:linear", "quantities": [{"name": "age", "unit": "months"}]}
    path = written(tmp_path, {"models.py": SCIKIT.encode()}, **fields)
    with pytest.raises(InstrumentError, match="--trust-instrument"):
        instrument(path)
    assert instrument(path, trusted=True).predict(images(), NONE)["age"][0] == pytest.approx(200 * MEANS, abs=1)


def test_a_scikit_learn_classifier_gives_probabilities(tmp_path):
    quantities = [{"name": "bright", "unit": "probability", "kind": "probability"}]
    fields = {"runtime": "python", "factory": "models.py:logistic", "members": 2, "quantities": quantities}
    reading = instrument(written(tmp_path, {"models.py": SCIKIT.encode()}, **fields), trusted=True).predict(
        images(), NONE
    )
    assert reading["bright"].shape == (2, 3)
    assert (np.diff(reading["bright"]) > 0).all()


def test_an_instrument_travels_to_a_worker(tmp_path):
    tiny = instrument(written(tmp_path, {"m.onnx": onnx_bytes()}))
    here = tiny.predict(images(), NONE)["brightness"]
    assert (pickle.loads(pickle.dumps(tiny)).predict(images(), NONE)["brightness"] == here).all()


def test_onnx_needs_neither_torch_nor_timm(tmp_path):
    path = written(tmp_path, {"m.onnx": onnx_bytes()})
    code = (
        "import sys; import numpy as np; from editproof.instruments.registry import instrument_from_spec; "
        f"instrument_from_spec({str(path)!r}).predict([np.zeros((9, 9), np.uint8)], [{{}}]); "
        "assert not {'torch', 'timm', 'openai'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def zipped_pickle():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps({"weights": 1}))
    return buffer.getvalue()


PICKLES = {
    "protocol 0": pickle.dumps(["x", 1], protocol=0),
    "protocol 2": pickle.dumps(["x"], protocol=2),
    "protocol 5": pickle.dumps(["x"], protocol=5),
    "a trap": b"cos\nsystem\n(S'touch opened'\ntR.",  # in the working directory
    "torch.save": zipped_pickle(),
    "compressed": __import__("gzip").compress(pickle.dumps(["x"])),
}


@pytest.mark.parametrize("content", PICKLES.values(), ids=PICKLES)
@pytest.mark.parametrize("name", ["m.onnx", "m.pt", "m.safetensors", "m"])
def test_a_pickle_is_refused_whatever_it_is_called(tmp_path, monkeypatch, content, name):
    monkeypatch.chdir(tmp_path)
    runtime = "torchscript" if name.endswith(".pt") else "onnx"
    model = instrument(written(tmp_path, {name: content}, runtime=runtime), trusted=True)
    for act in (model.check, lambda: model.predict(images(1), [{}])):
        with pytest.raises(InstrumentError, match="it is a pickle, which can run code"):
            act()
    assert not (tmp_path / "opened").exists()


def test_the_trap_would_snap(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pickle.loads(PICKLES["a trap"])
    assert (tmp_path / "opened").exists()


def test_a_changed_file_is_refused_and_a_missing_digest_is_given(tmp_path):
    path = written(tmp_path, {"m.onnx": onnx_bytes()})
    (tmp_path / "m.onnx").write_bytes(_scaled(2.0))
    with pytest.raises(InstrumentError, match=r"its sha256 is .*, the card says"):
        instrument(path).check()
    path = written(tmp_path, {"m.onnx": onnx_bytes()}, sha256=None, files=["m.onnx"])
    with pytest.raises(
        InstrumentError, match=r'does not say its sha256. If it is the one you mean, write "sha256": {"m'
    ):
        instrument(path).check()


WRONG_OUTPUTS = {
    "no such output": ({"output": "logits"}, "the model has no output 'logits'. It has reading"),
    "no such place": ({"output": 4}, "the model has no output 4"),
    "no such column": ({"index": 2}, r"has shape \(3, 2\), not \(3, more than 2\)"),
    "no column named": ({}, "has 2 columns and the card names none"),
}


@pytest.mark.parametrize(("output", "found"), WRONG_OUTPUTS.values(), ids=WRONG_OUTPUTS)
def test_a_wrong_output_is_named(tmp_path, output, found):
    path = written(tmp_path, {"m.onnx": onnx_bytes(columns=2)}, outputs={"brightness": output})
    with pytest.raises(InstrumentError, match=found):
        instrument(path).predict(images(), NONE)


def test_what_is_no_model_and_what_has_other_inputs_is_named(tmp_path):
    with pytest.raises(InstrumentError, match="ONNX Runtime cannot read it"):
        instrument(written(tmp_path, {"m.onnx": b"nonsense"})).predict(images(1), [{}])
    wide = written(tmp_path, {"m.onnx": onnx_bytes()}, preprocessing={**PREPARED, "width": 16})
    with pytest.raises(InstrumentError, match=r"has shape \['n', 1, 8, 8\], the card prepares \(n, 1, 8, 16\)"):
        instrument(wide).predict(images(1), [{}])
    told = written(tmp_path, {"m.onnx": onnx_bytes(covariate="male")})
    with pytest.raises(InstrumentError, match="its inputs are pixels, male, the card names pixels"):
        instrument(told).predict(images(1), [{}])


def _told(**how):
    return {"covariates": ["sex"], "inputs": {"image": "pixels", "covariates": {"sex": how}}}


def _prepared(**fields):
    return {"preprocessing": {**PREPARED, **fields}}


CONTRADICTIONS = {
    "runtime": ({"runtime": "keras"}, "runtime 'keras'. Write one of timm, onnx"),
    "a misspelt key": ({"ouputs": {}}, "an unknown field 'ouputs'. Did you mean 'outputs'"),
    "kind": (
        {"quantities": [{"name": "x", "unit": "1", "kind": "class"}]},
        r"quantities\[0\].kind is 'class'. Write continuous or prob",
    ),
    "unit": ({"quantities": [{"name": "x", "unit": "months", "kind": "probability"}]}, "kind 'probability' and unit"),
    "twice": ({"quantities": [{"name": "x", "unit": "1"}] * 2}, "it reads x, x"),
    "nothing": ({"quantities": []}, "it reads nothing"),
    "name": ({"quantities": [{"name": "x:y", "unit": "1"}]}, r"quantities\[0\].name is 'x:y'. Write letters"),
    "members": ({"members": 3}, "declares 3 members and 1 model files"),
    "floor": ({"floors": {"age": {"mae_at_most": 1}}}, "a floor for age, which it does not read"),
    "covariate": ({"covariates": ["sex"]}, "covariates sex, of which none are used"),
    "output": ({"outputs": {"age": {}}}, "outputs for 'age'"),
    "activation": (
        {"outputs": {"brightness": {"activation": "relu"}}},
        "activation is 'relu'. Write one of none, sigmoid",
    ),
    "field": ({"outputs": {"brightness": {"column": 1}}}, "unknown field 'column'"),
    "preprocessing": (
        {"preprocessing": {"height": 8}},
        r"preprocessing\.width is missing. Write a whole number of 1 to 8192",
    ),
    "fit": ({"preprocessing": {**PREPARED, "fit": "stretch"}}, "preprocessing.fit is 'stretch'"),
    "activation of no name": (
        {"outputs": {"brightness": {"activation": ["exp"]}}},
        r"activation is \['exp'\]. Write one of none",
    ),
    "half a column": ({"outputs": {"brightness": {"index": 0.5}}}, "index is 0.5. Write a whole number from 0 on"),
    "column -1": ({"outputs": {"brightness": {"index": -1}}}, "index is -1. Write a whole number from 0 on"),
    "column true": ({"outputs": {"brightness": {"index": True}}}, "index is True. Write a whole number from 0 on"),
    "output true": ({"outputs": {"brightness": {"output": True}}}, "output is True. Write its name"),
    "scale true": ({"outputs": {"brightness": {"scale": True}}}, "scale is True. Write a finite number other than 0"),
    "offset a text": ({"outputs": {"brightness": {"offset": "2"}}}, "offset is '2'. Write a finite number"),
    "outputs a list": ({"outputs": ["reading"]}, r"outputs is \['reading'\]. Write a mapping by quantity"),
    "output a text": ({"outputs": {"brightness": "reading"}}, "outputs.brightness is 'reading'. Write a mapping"),
    "inputs a list": ({"inputs": ["pixels"]}, r"inputs is \['pixels'\]. Write a mapping"),
    "image no name": ({"inputs": {"image": 0}}, "inputs.image is 0. Write the name"),
    "covariate's scale a text": (_told(input="male", scale="x"), "inputs.covariates.sex.scale is 'x'. Write a finite"),
    "covariate's scale 0": (_told(input="male", scale=0), "sex.scale is 0. Write a finite number other than 0"),
    "covariate's input a number": (_told(input=1), "sex.input is 1. Write the name of an input, in quotes"),
    "options a text": ({"options": "mirror"}, "options is 'mirror'. Write a mapping"),
    "stretch": ({"preprocessing": {**PREPARED, "stretch": {"low": 2}}}, "preprocessing.stretch is {'low': 2}"),
    "stretch upside down": (_prepared(stretch={"low": 92, "high": 2}), "preprocessing.stretch is .*low below high"),
    "stretch of no span": (_prepared(stretch={"low": 2, "high": 2}), "preprocessing.stretch is"),
    "stretch misspelt": (_prepared(stretch={"low": 2, "high": 9, "head": 1}), "preprocessing.stretch is"),
    "stretch unknown": (_prepared(stretch="full"), "preprocessing.stretch is 'full'"),
    "no height": (_prepared(height=0), "preprocessing.height is 0. Write a whole number of 1 to 8192"),
    "height true": (_prepared(height=True), "preprocessing.height is True"),
    "height beyond memory": (_prepared(height=19_200_000), "preprocessing.height is 19200000"),
    "sd 0": (_prepared(sd=[0]), r"preprocessing.sd is \[0\]. Write a number above 0"),
    "mean a text": (_prepared(mean="0.5"), "preprocessing.mean is '0.5'"),
    "channels": (_prepared(channels=2), "preprocessing.channels is 2. Write 1 or 3"),
    "mean": ({"preprocessing": {**PREPARED, "mean": [1, 2]}}, "preprocessing cannot be followed"),
    "option": ({"options": {"flip": True}}, "an unknown field 'flip' in options. It has mirror, uncertainty"),
    "mirror a number": ({"options": {"mirror": 1}}, "options.mirror is 1. Write true or false"),
    "preprocessing misspelt": (
        _prepared(heigth=8),
        "an unknown field 'heigth' in preprocessing. Did you mean 'height'",
    ),
    "dtype": (_prepared(dtype="int8"), "preprocessing.dtype is 'int8'. Write one of float32, float64"),
    "layout a list": (_prepared(layout=["NCHW"]), r"preprocessing.layout is \['NCHW'\]. Write one of NCHW"),
    "inputs misspelt": ({"inputs": {"images": "x"}}, "an unknown field 'images' in inputs. Did you mean 'image'"),
    "spread": ({"options": {"uncertainty": "members"}}, "the spread of one member"),
    "idle": ({"files": ["m.onnx"], "sha256": {"m.onnx": "0", "n.onnx": "0"}}, "sha256 names n.onnx"),
    "no file": ({"sha256": {}}, 'it names 0 model files. Write "files"'),
    "groups": ({"by_covariate": {"sex": {"0": ["m.onnx"]}}}, "by_covariate chooses by 'sex' among 1 values"),
}


@pytest.mark.parametrize(("changes", "found"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_card_that_contradicts_itself_is_one_clear_error(tmp_path, changes, found):
    with pytest.raises(InstrumentError, match=found):
        instrument(written(tmp_path, {"m.onnx": onnx_bytes()}, **changes))


@pytest.mark.parametrize("section", ["options", "inputs", "outputs", "by_covariate"])
def test_a_section_that_is_null_is_as_if_it_were_left_out(tmp_path, section):
    path = written(tmp_path, {"m.onnx": onnx_bytes()})
    plain = instrument(path).card
    path.write_text(json.dumps({**json.loads(path.read_text()), section: None}))
    assert instrument(path).card == plain


def test_a_file_elsewhere_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "m.onnx").write_bytes(onnx_bytes())
    path = written(tmp_path / "in", sha256={"../m.onnx": "0"})
    with pytest.raises(InstrumentError, match="does not lie beside its card"):
        instrument(path).check()


def test_a_python_factory_that_fails_is_named(tmp_path):
    sources = {
        "raise ValueError('no weights')": "it raised ValueError: no weights",
        "return object()": "has no method predict",
        "return [1, 2]": "it makes 2 objects, the card declares 1 members",
    }
    for body, found in sources.items():
        path = written(tmp_path, {f"f{len(body)}.py": f"def make():\n    {body}\n".encode()}, runtime="python",
                       factory=f"f{len(body)}.py:make")  # fmt: skip
        with pytest.raises(InstrumentError, match=found):
            instrument(path, trusted=True).predict(images(1), [{}])
