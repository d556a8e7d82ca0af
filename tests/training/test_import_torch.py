"""The published generators, written in PyTorch for this test with the published names, against ours."""

import re

import keras
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the files are PyTorch's")
from torch import nn  # noqa: E402

from stackgan_k3 import cli  # noqa: E402
from stackgan_k3.config import load_preset  # noqa: E402
from stackgan_k3.engine.torch_file import load_state  # noqa: E402
from stackgan_k3.errors import UserError  # noqa: E402
from stackgan_k3.training.import_torch import import_torch  # noqa: E402
from stackgan_k3.training.load_run import load_run  # noqa: E402
from stackgan_k3.training.run import Run  # noqa: E402

GF, C, T, Z, R = 8, 5, 12, 7, 2
SETTINGS = {
    "noise_dim": Z,
    "conditioning_dim": C,
    "text.embedding_dim": T,
    "stage1.width": GF,
    "stage2.width": GF,
    "stage2.residual_blocks": R,
}


def convolution(inside, outside, size=3, stride=1):
    return nn.Conv2d(inside, outside, size, stride, 1, bias=False)


def doubling(inside, outside):
    return nn.Sequential(
        nn.Upsample(scale_factor=2), convolution(inside, outside), nn.BatchNorm2d(outside), nn.ReLU()
    )


class Conditioning(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(T, 2 * C)

    def forward(self, text, noise):
        mean, log_variance = torch.relu(self.fc(text)).chunk(2, dim=1)
        return mean + noise * torch.exp(log_variance / 2)


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.block = nn.Sequential(
            convolution(width, width),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            convolution(width, width),
            nn.BatchNorm2d(width),
        )

    def forward(self, x):
        return torch.relu(x + self.block(x))


class First(nn.Module):
    def __init__(self):
        super().__init__()
        self.ca_net = Conditioning()
        self.fc = nn.Sequential(
            nn.Linear(Z + C, 8 * GF * 16, bias=False), nn.BatchNorm1d(8 * GF * 16), nn.ReLU()
        )
        for number in range(1, 5):
            setattr(self, f"upsample{number}", doubling(16 * GF // 2**number, 8 * GF // 2**number))
        self.img = nn.Sequential(convolution(GF // 2, 3), nn.Tanh())

    def forward(self, text, noise, eps):
        x = self.fc(torch.cat([noise, self.ca_net(text, eps)], 1)).view(-1, 8 * GF, 4, 4)
        for number in range(1, 5):
            x = getattr(self, f"upsample{number}")(x)
        return self.img(x)


class Second(nn.Module):
    def __init__(self, first):
        super().__init__()
        self.STAGE1_G = first
        self.ca_net = Conditioning()
        self.encoder = nn.Sequential(
            convolution(3, GF),
            nn.ReLU(),
            convolution(GF, 2 * GF, 4, 2),
            nn.BatchNorm2d(2 * GF),
            nn.ReLU(),
            convolution(2 * GF, 4 * GF, 4, 2),
            nn.BatchNorm2d(4 * GF),
            nn.ReLU(),
        )
        self.hr_joint = nn.Sequential(convolution(C + 4 * GF, 4 * GF), nn.BatchNorm2d(4 * GF), nn.ReLU())
        self.residual = nn.Sequential(*(Block(4 * GF) for _ in range(R)))
        for number in range(1, 5):
            setattr(self, f"upsample{number}", doubling(8 * GF // 2**number, 4 * GF // 2**number))
        self.img = nn.Sequential(convolution(GF // 4, 3), nn.Tanh())

    def forward(self, text, noise, eps, eps2):
        x = self.encoder(self.STAGE1_G(text, noise, eps))
        condition = self.ca_net(text, eps2)[:, :, None, None].expand(-1, -1, 16, 16)
        x = self.residual(self.hr_joint(torch.cat([x, condition], 1)))
        for number in range(1, 5):
            x = getattr(self, f"upsample{number}")(x)
        return self.img(x)


def shake(module, seed):
    """Weights that make every operation count, and batch norms far from the identity."""
    generator = torch.Generator().manual_seed(seed)
    for name, value in module.state_dict().items():
        if name.endswith("num_batches_tracked"):
            value.fill_(17)
        elif name.endswith("running_var") or (value.ndim == 1 and name.endswith("weight")):
            value.copy_(0.5 + torch.rand(value.shape, generator=generator))
        elif value.ndim == 1:
            value.copy_(0.2 * torch.randn(value.shape, generator=generator))
        else:
            fan_in = value[0].numel()
            value.copy_(torch.randn(value.shape, generator=generator) * (2 / fan_in) ** 0.5)
    return module.eval()


@pytest.fixture(scope="module")
def theirs():
    first = shake(First(), 0)
    return first, shake(Second(first), 1)


@pytest.fixture(scope="module")
def files(theirs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    paths = folder / "stage1.pth", folder / "stage2.pth"
    for path, network in zip(paths, theirs, strict=True):
        torch.save(network.state_dict(), path)
    return paths


def config(**changes):
    return load_preset("stackgan-coco", {**SETTINGS, **changes})


@pytest.fixture(scope="module")
def run(files, tmp_path_factory):
    return import_torch(config(), tmp_path_factory.mktemp("runs") / "run", *files)


def inputs(count=4):
    random = np.random.default_rng(3)
    sizes = {"text": T, "noise": Z, "eps": C, "eps2": C}
    return {name: random.normal(size=(count, size)).astype("float32") for name, size in sizes.items()}


def drawn(network, given):
    with torch.no_grad():
        picture = network(**{name: torch.tensor(value, device="cpu") for name, value in given.items()})
    return picture.permute(0, 2, 3, 1).numpy()


def test_pictures_are_equal(theirs, run):
    given = inputs()
    noise = np.concatenate([given["noise"], given["eps"], given["eps2"]], axis=1)
    pipeline = run.pipeline()
    assert [name for name, _ in pipeline.noise_parts] == [
        "noise",
        "conditioning_noise",
        "conditioning_noise2",
    ]
    asked = {"embedding": keras.ops.convert_to_tensor(given["text"])}
    ours = {
        name: keras.ops.convert_to_numpy(value)
        for name, value in pipeline.paint(asked, keras.ops.convert_to_tensor(noise)).items()
    }
    right = drawn(theirs[1], given)
    assert right.shape == (4, 256, 256, 3)
    assert right.std() > 0.1 and (np.abs(right) < 0.99).mean() > 0.3  # neither grey nor saturated
    assert np.abs(ours["image"] - right).max() < 1e-4
    sketch = drawn(theirs[0], {name: given[name] for name in ("text", "noise", "eps")})
    assert sketch.std() > 0.1
    assert np.abs(ours["preview"] - sketch).max() < 1e-4


def test_stage1_alone(files, run, tmp_path):
    alone = import_torch(config(), tmp_path / "run", files[0])
    vectors = inputs(2)["text"]
    assert alone.pipeline().generate(vectors, seed=3).shape == (2, 64, 64, 3)
    assert len(alone.pipeline().generators) == 1 and len(run.pipeline().generators) == 2


def test_the_run_says_what_it_is(run):
    again = Run.open(run.folder)
    assert again.config.text.encoder == "published"
    assert again.data_info["title"] == "not recorded (weights imported from stage1.pth and stage2.pth)"
    assert "Nothing was trained here: weights imported from stage1.pth" in again.config.description
    assert (again.examples, again.metrics(), again.text_encoder()) == ([], [], None)
    with pytest.raises(UserError, match="holds no checkpoint"):
        load_run(run.folder)


@pytest.mark.parametrize(
    "kind", ["wrapped", "parallel", "legacy", "half", "without counts", "Stage-I parallel"]
)
def test_other_ways_to_save_them(theirs, run, tmp_path, kind):
    state, second = dict(theirs[0].state_dict()), dict(theirs[1].state_dict())
    if kind == "wrapped":
        state = {"state_dict": state, "epoch": 120}
    elif kind == "parallel":
        state = {f"module.{name}": value for name, value in state.items()}
    elif kind == "without counts":
        state = {name: value for name, value in state.items() if "num_batches" not in name}
    elif kind == "Stage-I parallel":
        second = {
            name.replace("STAGE1_G.", "module.STAGE1_G.module."): value for name, value in second.items()
        }
        second = {name if name.startswith("module.") else f"module.{name}": v for name, v in second.items()}
    elif kind == "half":
        state = {name: value.half() for name, value in state.items()}
        second = {name: value.half() for name, value in second.items()}
    torch.save(state, tmp_path / "a.pth", _use_new_zipfile_serialization=kind != "legacy")
    torch.save(second, tmp_path / "b.pth")
    made = import_torch(config(), tmp_path / "run", tmp_path / "a.pth", tmp_path / "b.pth")
    vectors = inputs(1)["text"]
    off = made.pipeline().generate(vectors, seed=3).astype(int) - run.pipeline().generate(vectors, seed=3)
    assert np.abs(off).max() <= (16 if kind == "half" else 0)


def test_the_statistics_are_those_that_stage2_was_trained_on(theirs, files, tmp_path):
    """Training Stage-II moves the running statistics of the Stage-I in it, and nothing else of it."""
    state = {name: value.clone() for name, value in theirs[1].state_dict().items()}
    state["STAGE1_G.fc.1.running_mean"] += 0.5
    torch.save(state, tmp_path / "moved.pth")
    made = import_torch(config(), tmp_path / "run", files[0], tmp_path / "moved.pth")
    moved = Second(First())
    moved.load_state_dict(state)
    given = inputs(2)
    right = drawn(moved.eval(), given)
    noise = np.concatenate([given["noise"], given["eps"], given["eps2"]], axis=1)
    asked = {"embedding": keras.ops.convert_to_tensor(given["text"])}
    ours = made.pipeline().paint(asked, keras.ops.convert_to_tensor(noise))["image"]
    assert np.abs(keras.ops.convert_to_numpy(ours) - right).max() < 1e-4
    assert np.abs(right - drawn(theirs[1], given)).max() > 0.01


def test_every_mismatch_is_listed(theirs, tmp_path):
    state = dict(theirs[0].state_dict())
    del state["upsample2.1.weight"]
    state["upsample3.2.bias"] = torch.zeros(3)
    state["extra"] = torch.zeros(2, 2)
    state["img.0.weight"] = torch.full_like(state["img.0.weight"], torch.nan)
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(UserError) as refused:
        import_torch(config(), tmp_path / "run", tmp_path / "a.pth")
    assert str(refused.value).splitlines()[1:] == [
        "  missing: upsample2.1.weight [16, 32, 3, 3]",
        "  wrong shape: upsample3.2.bias is [3] and should be [8]",
        "  not finite: img.0.weight",
        "  unexpected: extra [2, 2]",
    ]
    assert not (tmp_path / "run").exists()


def test_another_preset_is_told(files, tmp_path):
    with pytest.raises(UserError, match=r"(?s)--set.*wrong shape: fc.0.weight is \[1024, 12\].*\[512, 12\]"):
        import_torch(config(**{"stage1.width": 4}), tmp_path / "run", *files)
    with pytest.raises(UserError, match=r"(?s)unexpected: residual.1.block.0.weight"):
        import_torch(config(**{"stage2.residual_blocks": 1}), tmp_path / "run", *files)
    with pytest.raises(UserError, match=r"(?s)unexpected: upsample4.1.weight"):
        import_torch(config(**{"stage2.image_size": 128}), tmp_path / "run", *files)
    with pytest.raises(UserError, match="upsampling is bilinear, but the published networks have"):
        import_torch(config(upsampling="bilinear"), tmp_path / "run", *files)
    with pytest.raises(UserError, match=r"stage2\.kind is srgan, but the published networks have"):
        import_torch(config(**{"stage2.kind": "srgan"}), tmp_path / "run", *files)
    with pytest.raises(UserError, match="attention is True, but the published networks have"):
        import_torch(config(attention=True), tmp_path / "run", *files)


def test_stage2_of_another_stage1(theirs, files, tmp_path):
    torch.save(shake(First(), 9).state_dict(), tmp_path / "other.pth")
    with pytest.raises(UserError, match=r"(?s)another Stage-I than .*other values: ca_net.fc.weight"):
        import_torch(config(), tmp_path / "run", tmp_path / "other.pth", files[1])


class Trap:
    def __reduce__(self):
        return print, ("code in a file was run",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": 3}, "'a' is a int"),
        ([torch.zeros(2)], "but a list"),
        ({}, "no state dict"),
        ({"a": Trap()}, "code inside a file is not run"),
        (b"no file of torch", "no file of torch.save|damaged"),
        (b"", "no file of torch.save|damaged"),
    ],
)
def test_files_that_are_refused(content, message, tmp_path, capsys):
    path = tmp_path / "a.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)
    with pytest.raises(UserError, match=message):
        load_state(path)
    assert "code in a file was run" not in capsys.readouterr().out


def test_a_file_that_was_cut_off(files, tmp_path):
    whole = files[0].read_bytes()
    (tmp_path / "a.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="damaged"):
        load_state(tmp_path / "a.pth")


def test_the_command(files, tmp_path, capsys):
    sets = [word for key, value in SETTINGS.items() for word in ("--set", f"{key}={value}")]
    words = [
        "import-torch",
        *map(str, files),
        "--preset",
        "stackgan-coco",
        *sets,
        "--run",
        str(tmp_path / "run"),
    ]
    assert cli.main(words) == 0
    assert re.search(r"^next: stackgan-k3 export .*run BUNDLE$", capsys.readouterr().out, re.MULTILINE)
    assert cli.main(words) == 2
    assert "exists already" in capsys.readouterr().err
    assert cli.main([*words[:3], "--preset", "dcgan-digits", "--run", str(tmp_path / "b")]) == 2
    assert "is no StackGAN" in capsys.readouterr().err
