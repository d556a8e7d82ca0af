"""The wheel: what is in it, and that it works where no checkout is near."""

import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

import stackgan_k3

ROOT = Path(__file__).parents[2]
PLACES = {
    "stackgan_k3": ROOT / "stackgan_k3",
    "stackgan_k3.export": ROOT / "export",
    "stackgan_k3.demo": ROOT / "demo",
}
COMMANDS = ("prepare", "train", "export", "generate", "demo", "doctor")
HELPS = [["--help"], ["presets"], *([name, "--help"] for name in COMMANDS)]


def folders() -> set[str]:
    """The packages that the checkout holds, by the names they are installed under."""
    found = set()
    for package, folder in PLACES.items():
        for path in folder.rglob("*.py"):
            if "__pycache__" not in path.parts:
                found.add(".".join((package, *path.parent.relative_to(folder).parts)))
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Builds the wheel from a copy of the tracked folders, so that no build/ is left in the checkout."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for folder in PLACES.values():
        for path in folder.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                target = copy / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel, tmp_path_factory) -> Path:
    """Installs the wheel, and it alone, in a new environment that sees the libraries of this one."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False, symlinks=sys.platform != "win32")
    binaries = home / ("Scripts" if sys.platform == "win32" else "bin")
    python = binaries / ("python.exe" if sys.platform == "win32" else "python")
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index"]
    done = subprocess.run([*install, str(wheel)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    own = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    # A plain path, not a site directory: the .pth file of an editable install there is not read.
    (Path(own) / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run(python: Path, *words: str, cwd: Path) -> str:
    done = subprocess.run([python, *words], capture_output=True, text=True, timeout=120, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_list_of_packages_is_complete():
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert set(listed) == folders()
    assert len(listed) == len(set(listed))


def test_what_is_in_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"stackgan_k3", f"stackgan_k3-{stackgan_k3.__version__}.dist-info"}
    for package, folder in PLACES.items():
        for path in folder.rglob("*"):
            wanted = path.suffix in (".py", ".toml", ".html") or path.name == "py.typed"
            wanted = wanted or "shipped" in path.parts
            if wanted and path.is_file() and "__pycache__" not in path.parts:
                assert f"{package.replace('.', '/')}/{path.relative_to(folder).as_posix()}" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


@pytest.mark.parametrize("words", HELPS, ids=" ".join)
def test_the_command_works_where_no_checkout_is_near(python, words, tmp_path):
    script = python.with_name("stackgan-k3.exe" if sys.platform == "win32" else "stackgan-k3")
    assert "stackgan" in run(script, *words, cwd=tmp_path)


def test_export_and_demo_are_inside_the_package(python, tmp_path):
    code = (
        "import importlib.util, stackgan_k3, stackgan_k3.export, stackgan_k3.demo\n"
        "print(stackgan_k3.__file__)\n"
        "print(stackgan_k3.export.__file__)\n"
        "print(stackgan_k3.demo.__file__)\n"
        "print([name for name in ('export', 'demo') if importlib.util.find_spec(name)])\n"
    )
    *files, others = run(python, "-c", code, cwd=tmp_path).splitlines()
    home = python.parent.parent
    assert all(Path(file).is_relative_to(home) for file in files)
    assert others == "[]"


def test_every_module_of_the_wheel_can_be_found(python, tmp_path):
    code = (
        "import pkgutil, stackgan_k3\n"
        "print(sum(1 for _ in pkgutil.iter_modules(stackgan_k3.__path__)))\n"
        "import stackgan_k3.inference, stackgan_k3.choose, stackgan_k3.cli\n"
        "print(len(stackgan_k3.cli.command_modules()))\n"
    )
    modules, commands = map(int, run(python, "-c", code, cwd=tmp_path).split())
    assert modules >= 12
    assert commands == len(list((ROOT / "stackgan_k3" / "commands").glob("[!_]*.py")))
