"""A lab about pictures: nothing in the grader is made for recurrent networks alone."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course import load_course
from autograder.engine.run import Engine, start_engine
from autograder.files import digest
from autograder.quality import compare
from autograder.quality.sample import fill_answers, read_release, solution_answers
from tests.build.conftest import BuiltCourse, build_course
from tests.support.grading import grade_bytes, points
from tests.support.plans import compile_plan

CONV_COURSE = Path(__file__).parents[1] / "conv_assignment"

FUNCTIONAL = """
from tensorflow.keras import layers, models, losses, optimizers, metrics

def build_classifier(size=size, filters=filters, classes=classes):
    pictures = layers.Input(shape=(size, size, 1))
    x = layers.Conv2D(filters, kernel_size=(3, 3), padding="valid")(pictures)
    x = layers.ReLU()(x)
    x = layers.MaxPool2D(pool_size=2)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(rate=0.25)(x)
    x = layers.Dense(classes)(x)
    model = models.Model(pictures, layers.Softmax()(x), name="pictures")
    model.compile(
        optimizer=optimizers.Adam(),
        loss=losses.SparseCategoricalCrossentropy(),
        metrics=[metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    return model
"""


def changed(solution: str, old: str, new: str) -> str:
    assert solution.count(old) == 1
    return solution.replace(old, new)


def answers(solution: str) -> dict[str, tuple[str, float]]:
    """Return answers to the question by name, each with the points that it must get."""
    return {
        "solution": (solution, 10),
        "functional": (FUNCTIONAL, 10),
        "no_relu": (changed(solution, ', activation="relu"', ""), 8),
        "sigmoid": (changed(solution, "softmax", "sigmoid"), 9),
        "padded": (changed(solution, "filters, 3,", 'filters, 3, padding="same",'), 7),
        "blank": ("def build_classifier(size=size, filters=filters, classes=classes):\n    ...\n", 0),
    }


NAMES = ("solution", "functional", "no_relu", "sigmoid", "padded", "blank")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> BuiltCourse:
    ignored = shutil.ignore_patterns("__pycache__")
    root = tmp_path_factory.mktemp("pictures") / "course"
    return build_course(Path(shutil.copytree(CONV_COURSE, root, ignore=ignored)), "shapes")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with start_engine(compile_plan(load_course(CONV_COURSE).assignment("shapes")), workers=1) as running:
        yield running


def submission(course: BuiltCourse, flavor: str, name: str) -> tuple[bytes, float]:
    text, deserved = answers(solution_answers(course.prepared.source)["q1-answer"])[name]
    return fill_answers(read_release(course.assignment, flavor), {"q1-answer": text}), deserved


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_we_give_a_network_of_convolutions_its_points(
    course: BuiltCourse, engine: Engine, name: str, tmp_path: Path
) -> None:
    notebook, deserved = submission(course, "otter", name)
    assert points(grade_bytes(engine, notebook, tmp_path)) == {"q1": deserved}


@pytest.mark.slow
def test_a_global_setting_of_keras_is_put_back_before_a_question(
    course: BuiltCourse, engine: Engine, tmp_path: Path
) -> None:
    notebook = json.loads(submission(course, "otter", "solution")[0])
    setting = "import keras\nkeras.config.set_image_data_format('channels_first')"
    extra = {"cell_type": "code", "metadata": {}, "source": setting, "outputs": [], "execution_count": None}
    notebook["cells"].insert(1, {**extra, "id": "extra"})
    assert points(grade_bytes(engine, json.dumps(notebook).encode(), tmp_path)) == {"q1": 10}


@pytest.mark.peers
@pytest.mark.parametrize("name", NAMES)
def test_otter_and_nbgrader_give_the_same(course: BuiltCourse, name: str, tmp_path: Path) -> None:
    notebook, deserved = submission(course, "otter", name)
    assert compare.otter_points(course.root, "shapes", notebook, tmp_path) == {"q1": deserved}
    notebook, _ = submission(course, "nbgrader", name)
    student = f"{name}-{digest({'notebook': notebook})[:6]}"
    assert compare.nbgrader_points(course.root, "shapes", notebook, student) == {"q1": deserved}
