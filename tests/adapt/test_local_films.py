"""What a head may stand on, and what is said of films that cannot be used."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from radistill.adapt.local_films import AS_IT_IS, embeddings_of, read_local_films
from radistill.data.external_data import ExternalData
from radistill.data.training_films import TrainingFilms
from radistill.errors import UsageError
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.open_bundle import Bundle
from radistill.schema.card import TRAINING_FILMS


def without_maps() -> onnx.ModelProto:
    """A network of one linear layer, as a small one may be."""
    weight = numpy_helper.from_array(np.ones((64, 3), np.float32), "weight")
    shape = numpy_helper.from_array(np.array([-1, 64]), "shape")
    nodes = [
        helper.make_node("Reshape", ["image", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["embedding"]),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 8, 8])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 3])
    graph = helper.make_graph(nodes, "linear", [image], [embedding], [weight, shape])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def test_a_network_without_a_feature_map_has_its_own_embedding() -> None:
    assert list(embeddings_of(without_maps())) == [AS_IT_IS]


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """24 films of each class, by folder."""
    rng = np.random.default_rng(0)
    for kind in ("NORMAL", "PNEUMONIA"):
        (tmp_path / "films" / kind).mkdir(parents=True)
        for number in range(24):
            film = rng.integers(0, 255, (48, 48)).astype(np.uint8)
            Image.fromarray(film).save(tmp_path / "films" / kind / f"{number}.png")
    return tmp_path / "films"


def test_patients_that_are_not_known_are_said_without_settings_that_there_are_not(
    films: Path, tmp_path: Path
) -> None:
    bundle = Bundle.load(find_bundle("pneumonia-children"))
    read = read_local_films(bundle, ExternalData(films), tmp_path / "cache")
    (note,) = [note for note in read.dataset.notes if note.startswith("Patients are unknown")]
    assert "patient_regex" not in note
    assert "column" in note


def test_too_few_films_says_how_many_the_model_has_seen(films: Path, tmp_path: Path) -> None:
    parent = shutil.copytree(find_bundle("pneumonia-children"), tmp_path / "parent")
    bundle = Bundle.load(parent)
    read = read_local_films(bundle, ExternalData(films), tmp_path / "cache")
    known = [replace(film, split="train") for film in read.dataset.films[:10]]
    listed = TrainingFilms.of(known, read.dataset.perceptual_hashes)
    (parent / TRAINING_FILMS).write_bytes(listed.to_bytes())
    with pytest.raises(UsageError, match="10 more that the model was trained or chosen on"):
        read_local_films(bundle, ExternalData(films), tmp_path / "cache")
