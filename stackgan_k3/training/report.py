"""The report of a run: one page to watch it train, that needs nothing but a browser."""

import html
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from stackgan_k3.config import RunConfig
from stackgan_k3.config.drawing import DrawingConfig
from stackgan_k3.errors import UserError
from stackgan_k3.files import replacing
from stackgan_k3.training.equilibrium import equilibrium
from stackgan_k3.training.metric_rows import read_rows
from stackgan_k3.training.report_charts import charts
from stackgan_k3.training.report_pictures import Pictures
from stackgan_k3.training.warning_signs import SIGNS, warning_history


class Report:
    """Writes ``report.html`` into a run folder, from the files that are there.

    The page holds curves of everything the phases logged, with the losses' values at equilibrium; the
    warnings; the sample grids by epoch (some sixty of them, as WebP); the settings; and the licence of
    the data. It is one file below 8 MB, asks no other for anything, and works without a network.
    Neither Keras nor a backend is loaded.

    Args:
        folder: The run folder.

    Raises:
        UserError: If it is not a run, or its files are damaged.

    Example:
        >>> Report("no/such/run")
        Traceback (most recent call last):
        ...
        stackgan_k3.errors.UserError: no/such/run is not a run: it has no config.json
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / "config.json").is_file():
            raise UserError(f"{folder} is not a run: it has no config.json")
        self._pictures = Pictures(self.folder / "samples")

    def write(self) -> Path:
        """Writes the page beside the last one, then puts it in its place.

        Returns:
            The page's path.

        Raises:
            UserError: If the run's files are damaged.
            OSError: If the page cannot be written, for example on a full disk.
        """
        page = self.page()
        path = self.folder / "report.html"
        with replacing(path) as beside:
            beside.write_text(page, encoding="utf-8")
        return path

    def page(self) -> str:
        """Returns the page as HTML."""
        content = self.content()
        template = resources.files("stackgan_k3.training").joinpath("report.html").read_text(encoding="utf-8")
        # "<" cannot appear in it, so no text of a data set can end the script element it stands in.
        data = json.dumps(content, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
        title = html.escape(f"{content['preset']} · {content['folder']}")
        return template.replace("{{title}}", title).replace("{{content}}", data)

    def content(self) -> dict[str, Any]:
        """Collects what the page shows, ready for JSON.

        Returns:
            ``folder``, ``preset``, ``system``, ``description``, ``data`` (title, licence, homepage and
            counts of the data set), ``phases`` (name, epochs done and asked for, charts, warnings,
            series of grids), ``captions`` (of the grids' rows) and ``settings`` (pairs by table).

        Raises:
            UserError: If the run's files are damaged.
        """
        config = self._config()
        info = self._data_info()
        rows = read_rows(self.folder / "metrics.jsonl")
        series = self._pictures.series()
        phases = []
        keep_best = config.metrics.keep_best if isinstance(config, DrawingConfig) else ""
        for name in config.phases:
            mine = [row for row in rows if row["phase"] == name]
            epochs = {"done": mine[-1]["epoch"] if mine else 0, "asked": config.part(name).epochs}
            raised = [{**one._asdict(), "title": one.name.replace("_", " ")} for one in warning_history(mine)]
            phases.append(
                {
                    "name": name,
                    "epochs": epochs,
                    "watched": bool(mine) and "d_fake" in mine[-1],
                    "speed": mine[-1].get("images_per_second") if mine else None,
                    "charts": charts(mine, equilibrium(config, name), keep_best),
                    "warnings": raised,
                    "series": [
                        {"name": key, "grids": grids}
                        for key, grids in series
                        if _phase_of(key, config.phases) == name
                    ],
                }
            )
        return {
            "folder": self.folder.resolve().name,
            "preset": config.preset,
            "system": config.system,
            "description": config.description,
            "data": info,
            "phases": phases,
            "captions": info.pop("examples"),
            "signs": [name.replace("_", " ") for name in SIGNS],
            "settings": _tables(config),
        }

    def _config(self) -> RunConfig:
        path = self.folder / "config.json"
        try:
            return RunConfig.from_json(path.read_text(encoding="utf-8"))
        except ValueError as error:  # a UserError, or bytes that are no text
            raise UserError(f"{path} is damaged: {error}; undo the change, or begin a new run") from error

    def _data_info(self) -> dict[str, Any]:
        path = self.folder / "data.json"
        try:
            info = json.loads(path.read_text(encoding="utf-8"))
            splits = {name: split.get("records", 0) for name, split in info.get("splits", {}).items()}
            named = {key: str(info.get(key, "")) for key in ("title", "licence", "homepage", "source")}
            return {**named, "splits": splits, "examples": [str(each) for each in info.get("examples", [])]}
        except (OSError, ValueError, AttributeError, TypeError) as error:
            raise UserError(
                f"{path} is missing or damaged: {error}; copy it again from where the run was made"
            ) from error


def _phase_of(series: str, phases: Sequence[str]) -> str:
    """The phase that a series of grids comes from: ``gan`` and ``gan-walk`` from ``gan``."""
    fitting = [name for name in phases if series == name or series.startswith((f"{name}-", f"{name}_"))]
    return max(fitting, key=len) if fitting else phases[-1]


def _tables(config: RunConfig) -> list[dict[str, Any]]:
    """The settings, by table: those of the run itself first."""
    tree = config.model_dump(mode="json")
    alone = {key: value for key, value in tree.items() if not isinstance(value, Mapping)}
    alone.pop("description", None)
    tables = [("run", alone), *((key, value) for key, value in tree.items() if isinstance(value, Mapping))]
    return [
        {"name": name, "settings": [[key, json.dumps(value).strip('"')] for key, value in table.items()]}
        for name, table in tables
    ]
