from __future__ import annotations

from dataclasses import replace

import pytest
from editproof.datasets.cohort import Cohort, where
from editproof.datasets.folder.cohort import folder
from editproof.datasets.registry import dataset_from_spec
from editproof.datasets.sampling import balanced_sample
from editproof.errors import DatasetError

from tests.datasets.conftest import png, radiograph, write_manifest


@pytest.fixture
def three(tmp_path):
    manifest = []
    for k, name in enumerate("ABC"):
        (tmp_path / f"{name}.png").write_bytes(png(radiograph(k)))
        manifest.append({"case_id": name, "image": f"{name}.png", "bone_age": 100 + k, "sex": "MF"[k % 2]})
    return write_manifest(tmp_path, manifest)


def test_specs(three, rsna_folder):
    assert len(dataset_from_spec(f"folder:{three}")) == 3
    root = rsna_folder()
    assert len(dataset_from_spec(f"rsna:{root}")) == 3
    assert len(dataset_from_spec(f"rsna:{root}?n=2&split=all&seed=4")) == 2
    assert len(dataset_from_spec(f"rsna:{root}?n=all")) == 3
    cohort = folder(three)
    assert dataset_from_spec("phantom:9", {"phantom": lambda argument: where(cohort, ["A"])}).card.n_cases == 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("phantoms", "There are: dicom, folder, phantom, rsna."),
        ("rsna", "no path"),
        ("folder:", "no path"),
        ("rsna:x?m=3", "unknown option m"),
        ("rsna:x?n=some", "n = 'some'"),
        ("rsna:x?seed=-1", "seed = '-1'"),
        ("folder:x?masks=none", "masks = 'none'"),
        ("dicom:x?voi=second", "voi = 'second'"),
        ("dicom:x?split=test", "Options: labels, voi, series, masks, colour, key, index."),
        ("folder:x?index=nowhere.json", "it cannot be read"),
    ],
)
def test_spec_that_names_nothing(spec, words):
    with pytest.raises(DatasetError) as caught:
        dataset_from_spec(spec, {"phantom": lambda argument: pytest.fail("not asked for")})
    assert words in str(caught.value)


def test_where_keeps_order_and_says_so(three):
    cohort = folder(three)
    part = where(cohort, ["C", "A"])
    assert [case.case_id for case in part] == ["A", "C"]
    assert part.card.digest != cohort.card.digest
    assert "Restricted to 2 of 3" in part.card.warnings[-1]
    with pytest.raises(DatasetError, match="1 are not in it: Z"):
        where(cohort, ["A", "Z"])


def test_sample_is_seeded_balanced_and_along_the_ages():
    labels = {str(i): (float(i % 4 > 0), (i * 37) % 200) for i in range(1200)}
    ids = balanced_sample(labels, 201, seed=3)
    ages = sorted(labels[i][1] for i in ids)
    assert len(set(ids)) == 201
    assert sum(labels[i][0] for i in ids) == 100
    assert abs(sum(ages) / 201 - 99.5) < 1.5
    assert ids == balanced_sample(labels, 201, seed=3) != balanced_sample(labels, 201, seed=4)


def test_the_other_sex_fills_up_where_one_is_too_small():
    labels = {str(i): (float(i >= 3), i) for i in range(40)}
    for n in (1, 6, 7, 8, 20, 39, 40, 41):
        ids = balanced_sample(labels, n, seed=0)
        females = sum(labels[i][0] == 0 for i in ids)
        assert (len(ids), females) == (min(n, 40), min(3, n - n // 2)), n
    assert len(balanced_sample(dict.fromkeys("abcd", (1.0, 0.0)), 3, seed=0)) == 3


def test_the_sample_where_both_sexes_reach():
    labels = {str(i): (float(i % 2), (i * 7) % 50) for i in range(60)}
    assert balanced_sample(labels, 6, seed=0) == ["2", "11", "23", "26", "35", "50"]


def test_a_digest_that_a_reader_states_does_not_stand_for_other_cases(three):
    """A reader of one's own may state a constant: other cases make another cohort, equal ones the same."""
    cohort = folder(three)

    def digest(ids, stated="constant"):
        shown = where(cohort, ids)
        return dataset_from_spec(
            "own", {"own": lambda _: Cohort(replace(shown.card, digest=stated), shown.cases)}
        ).card.digest

    assert digest("AB") == digest("AB")
    assert len({digest("AB"), digest("AC"), digest("BA", "another"), digest("ABC")}) == 4
    changed = Cohort(cohort.card, tuple(replace(case, reference={**case.reference, "sex": 1.0}) for case in cohort))
    found = dataset_from_spec("own", {"own": lambda _: Cohort(replace(changed.card, digest="constant"), changed.cases)})
    assert found.card.digest != digest("ABC")
    assert dataset_from_spec(f"folder:{three}").card.digest == cohort.card.digest, (
        "built-in readers count their cases already"
    )
