"""Without the package that a format needs, what to install is said and nothing is left behind."""

import sys
from pathlib import Path

import pytest

from tests.formats.neural import export_words
from wvcli.errors import MissingExtraError


@pytest.mark.parametrize(
    ("suffix", "package", "extra"),
    [
        (".pt", "torch", "torch"),
        (".keras", "tensorflow", "tensorflow"),
        (".keras", "keras", "tensorflow"),
        (".savedmodel", "tensorflow", "tensorflow"),
        (".tfhub", "tensorflow", "tensorflow"),
        (".onnx", "onnx", "onnx"),
        (".spacy", "spacy", "spacy"),
    ],
)
def test_a_missing_package_is_named_with_what_to_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError) as caught:
        export_words(tmp_path / f"words{suffix}")
    assert caught.value.hint == f'pip install "wvcli[{extra}]"'
    assert list(tmp_path.iterdir()) == []
