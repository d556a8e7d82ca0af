"""What happens where a GPU is asked for: the machine's onnxruntime, dressed as one built for CUDA."""

import types

import onnxruntime
import pytest
from bundles import build_bundle

from stackgan_k3.errors import UserError
from stackgan_k3.inference import TextToImage, providers

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return build_bundle(tmp_path_factory.mktemp("providers") / "bundle")


class Session:
    """A session of the real onnxruntime on the CPU that says it is what the test wants."""

    says: tuple[str, ...] = (CUDA, CPU)
    fails: str = ""
    runs = 0

    def __init__(self, path, sess_options, providers, enable_fallback):
        self.real = onnxruntime.InferenceSession(path, sess_options, providers=[CPU])
        self.wanted = [name for name, _ in providers[:1]]
        if CUDA in self.wanted and self.fails == "opening":
            print("Failed to load libcudnn")
            raise RuntimeError("CUDA failure 35: the driver is too old\nmore lines")

    def get_providers(self):
        return list(self.says) if CUDA in self.wanted else [CPU]

    def run(self, *args):
        type(self).runs += 1
        if CUDA in self.wanted and self.fails == "running":
            raise RuntimeError("no kernel image for this device")
        return self.real.run(*args)

    def __getattr__(self, name):
        return getattr(self.real, name)


@pytest.fixture
def cuda(monkeypatch):
    """onnxruntime as onnxruntime-gpu shows itself; returns its sessions' class and what was preloaded."""
    session = type("FakeSession", (Session,), {})
    preloaded = []
    fake = types.SimpleNamespace(
        InferenceSession=session,
        SessionOptions=onnxruntime.SessionOptions,
        set_default_logger_severity=onnxruntime.set_default_logger_severity,
        get_available_providers=lambda: [CUDA, CPU],
        get_all_providers=onnxruntime.get_all_providers,
        preload_dlls=lambda: preloaded.append(True),
    )
    monkeypatch.setattr(providers, "_onnxruntime", lambda: fake)
    return session, preloaded


@pytest.mark.parametrize("provider", [None, "auto", "cpu", "CPU", CPU])
def test_the_cpu(bundle, provider):
    assert TextToImage.load(bundle, provider).provider == CPU


@pytest.mark.parametrize("provider", ["cuda", CUDA])
def test_cuda_from_an_onnxruntime_without_it(bundle, provider):
    with pytest.warns(UserWarning, match="the installed onnxruntime has none.*CPU.*gpu") as notes:
        assert TextToImage.load(bundle, provider).provider == CPU
    assert len(notes) == 1


@pytest.mark.parametrize("provider", [None, "auto", "cuda", CUDA])
def test_cuda_that_works_is_taken_tried_once_and_preloaded(bundle, cuda, provider):
    session, preloaded = cuda
    model = TextToImage.load(bundle, provider)
    assert model.provider == CUDA
    assert model.generate("a bird", seed=0).provider == CUDA
    assert preloaded == [True]
    assert session.runs == 2


def test_the_cpu_on_a_gpu_machine_by_choice(bundle, cuda):
    _, preloaded = cuda
    assert TextToImage.load(bundle, "cpu").provider == CPU
    assert preloaded == []


@pytest.mark.parametrize("provider", [None, "cuda"])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("opening", "too old"), ("running", "no kernel image"), ("silent", "libraries or the driver")],
)
def test_cuda_that_fails_gives_the_cpu_and_one_plain_warning(bundle, cuda, capfd, provider, fault, reason):
    session, _ = cuda
    session.fails = fault
    if fault == "silent":
        session.says = (CPU,)
    with pytest.warns(
        UserWarning, match=f"{CUDA} cannot be used here, so this runs on the CPU .*{reason}"
    ) as notes:
        model = TextToImage.load(bundle, provider)
    assert len(notes) == 1
    assert "\n" not in str(notes[0].message)
    assert model.provider == CPU
    assert model.generate("a bird", seed=0).images.shape == (1, 128, 128, 3)
    assert capfd.readouterr() == ("", "")


def test_unknown_and_absent_providers(bundle):
    with pytest.raises(
        UserError, match=r"unknown provider 'cdua'; did you mean 'cuda'\?.*CPUExecutionProvider"
    ):
        TextToImage.load(bundle, "cdua")
    with pytest.raises(UserError, match=r"has no CoreMLExecutionProvider; it has .*CPUExecutionProvider"):
        TextToImage.load(bundle, "CoreMLExecutionProvider")
    with pytest.raises(UserError, match="must be a name"):
        TextToImage.load(bundle, 0)
