"""The jobs of a checkout: `python -m nox -l` lists them, `python -m nox -s NAME` runs one.

Each makes its virtual environment under .nox/ with the exact versions of constraints.txt, and uses it again
the next time.
"""

import time
from pathlib import Path

import nox

nox.needs_version = ">=2024.3.2"
nox.options.default_venv_backend = "venv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "tests"]

BACKENDS = ("tensorflow", "jax", "torch")
RUNS = Path("runs")


def install(session: nox.Session, extras: str) -> None:
    """Installs the checkout with some of its extras, showing what pip does (it takes minutes)."""
    started = time.monotonic()
    session.install("--constraint", "constraints.txt", "--editable", f".[{extras}]", silent=False)
    session.log(f"installed in {time.monotonic() - started:.0f} s")


@nox.session
def quickstart(session: nox.Session) -> None:
    """From nothing to pictures: prepare, train a tiny StackGAN, export it, draw a few sentences."""
    install(session, "tensorflow,cpu,export,demo")
    # TensorFlow's start-up messages would bury the progress.
    quiet = {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    data = Path("data", "quickstart")
    if not (data / "dataset.json").exists():
        size = ("--size", "128", "--limit", "2500", "--seed", "1")
        session.run("stackgan-k3", "prepare", "synthetic-birds", str(data), *size, env=quiet)
    run = free_name(RUNS / "quickstart")
    bundle, picture = run / "bundle", run / "pictures.png"
    # On two quiet cores each phase ends well before its limit; a slow machine stops it there, so that
    # every phase has its turn and the whole stays within a quarter of an hour.
    for phase, minutes in (("text", "2"), ("stage1", "7.5"), ("stage2", "2.5")):
        parts = ("--phase", phase, "--max-minutes", minutes, "--resume")
        train = ("stackgan-k3", "train", "stackgan-tiny", "--data", str(data), "--run", str(run), *parts)
        session.run(*train, env=quiet)
    session.run("python", "-m", "export", str(run), str(bundle), env=quiet)
    captions = (
        "this yellow bird has a white belly and is standing in the snow",
        "a red bird with black wings flying in the sky",
        "this bird is blue and is perched on a branch",
        "a green bird with a yellow breast wading in the water",
    )
    session.run(
        "stackgan-k3", "generate", str(bundle), *captions, "-n", "4", "--seed", "1", "-o", str(picture)
    )
    session.log(f"the pictures: {picture.resolve()}")
    session.log(f"the run:      {run.resolve()}")
    session.log(f"the demo:     python -m nox -s demo -- {bundle}")


@nox.session
def tests(session: nox.Session) -> None:
    """The whole test suite: what no backend changes once, everything else on each of the three."""
    install(session, "cpu,jax,tensorflow,torch,export,demo,tests,reference")
    parts = [("tensorflow", "neutral"), *((backend, "not neutral") for backend in BACKENDS)]
    failed = []
    for backend, mark in parts:
        started = time.monotonic()
        try:
            run_tests(session, backend, "-m", mark, everything=True)
        except nox.command.CommandFailed:
            failed.append(f"{mark} on {backend}")
        session.log(f"{mark} on {backend}: {time.monotonic() - started:.0f} s")
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session(name="tests-tensorflow")
def tests_tensorflow(session: nox.Session) -> None:
    """Every test, with TensorFlow alone installed."""
    install(session, "cpu,tensorflow,export,demo,tests")
    run_tests(session, "tensorflow")


@nox.session(name="tests-jax")
def tests_jax(session: nox.Session) -> None:
    """Every test that runs without TensorFlow and PyTorch."""
    install(session, "cpu,jax,demo,tests")
    run_tests(session, "jax", "--ignore=tests/export")


@nox.session(name="tests-torch")
def tests_torch(session: nox.Session) -> None:
    """Every test that runs without TensorFlow and JAX."""
    install(session, "cpu,torch,demo,tests,reference")
    run_tests(session, "torch", "--ignore=tests/export")


def run_tests(session: nox.Session, backend: str, *options: str, everything: bool = False) -> None:
    """Runs pytest on one backend, a worker a core; arguments after `--` are pytest's (`-n 0`: no workers)."""
    env = {"KERAS_BACKEND": backend}
    # A file stays in one worker, for what its tests share; more than four workers would want much memory.
    options = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder", *options)
    if everything:
        env["STACKGAN_K3_ALL_BACKENDS"] = "1"  # comparing the backends is then a duty, not a chance
    # Where tests are picked by hand, a part may have none of them (pytest's exit code 5).
    codes = (0, 5) if session.posargs else (0,)
    session.run("python", "-m", "pytest", *options, *session.posargs, env=env, success_codes=codes)


@nox.session
def export(session: nox.Session) -> None:
    """`nox -s export -- RUN BUNDLE`; without arguments the newest run under runs/, to RUN/bundle."""
    install(session, "cpu,export")
    session.run("python", "-m", "export", *session.posargs, env={"TF_CPP_MIN_LOG_LEVEL": "3"})


@nox.session
def demo(session: nox.Session) -> None:
    """`nox -s demo -- BUNDLE [--host HOST] [--port PORT]`: the demo in a browser."""
    install(session, "cpu,demo")
    session.run("python", "-m", "demo", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, layout and types. `nox -s lint -- --fix` repairs what can be repaired first."""
    # Types are checked against the libraries that have them; the backends are left out, so this is quick.
    needs = ("mypy", "ruff", "nox", "numpy", "pillow", "pydantic")
    session.install("--constraint", "constraints.txt", *needs)
    if "--fix" in session.posargs:
        session.run("ruff", "check", "--fix", ".")
        session.run("ruff", "format", ".")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def benchmark(session: nox.Session) -> None:
    """Runs benchmarks/*.py one after the other; `nox -s benchmark -- NAME …` one of them with its options."""
    install(session, "cpu,jax,tensorflow,torch,export")
    scripts = {path.stem: path for path in sorted(Path("benchmarks").glob("[!_]*.py"))}
    if not session.posargs:
        for path in scripts.values():
            session.run("python", str(path))
        return
    name, *options = session.posargs
    if name not in scripts:
        session.error(f"no benchmark '{name}'; there are: {', '.join(scripts)}")
    session.run("python", str(scripts[name]), *options)


def free_name(path: Path) -> Path:
    """Returns the first of NAME-1, NAME-2, … that does not exist, so that no run is written over."""
    number = 1
    while (free := path.with_name(f"{path.name}-{number}")).exists():
        number += 1
    return free
