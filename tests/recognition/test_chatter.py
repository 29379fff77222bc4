from __future__ import annotations

import os

import pytest

from recognition.chatter import is_chatter, without_chatter

NO_GPU = b"E0000 00:00:1795473618.1 8161 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error"


@pytest.mark.parametrize(
    "line",
    [
        b"I0000 00:00:1795473618.147394    8161 port.cc:153] oneDNN custom operations are on.\n",
        b"W0000 00:00:1795473622.322246    8161 tf_tfl_flatbuffer_helpers.cc:364] Ignored output_format.\n",
        b"WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n",
        b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n",
        NO_GPU,
    ],
)
def test_lines_that_only_inform_are_chatter(line: bytes) -> None:
    assert is_chatter(line, has_gpu=False)


@pytest.mark.parametrize(
    "line",
    [
        b"E0000 00:00:1795473618.1 8161 gpu.cc:1] out of memory\n",
        b"F0000 00:00:1795473618.1 8161 cpu_feature_guard.cc:1] this machine lacks AVX\n",
        b"Traceback (most recent call last):\n",
        b"\n",
    ],
)
def test_errors_are_no_chatter(line: bytes) -> None:
    assert not is_chatter(line, has_gpu=False)


def test_a_gpu_that_does_not_answer_is_an_error_where_there_is_one() -> None:
    assert not is_chatter(NO_GPU, has_gpu=True)


def test_errors_written_by_native_code_are_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    with without_chatter():
        os.write(2, b"I0000 some news\nE0000 some error\n")
    os.write(2, b"I0000 afterwards\n")
    assert capfd.readouterr().err == "E0000 some error\nI0000 afterwards\n"


def test_errors_are_passed_on_when_the_block_fails(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError), without_chatter():
        os.write(2, b"W0000 some warning\nlibcuda is damaged\n")
        raise ImportError
    assert capfd.readouterr().err == "libcuda is damaged\n"
