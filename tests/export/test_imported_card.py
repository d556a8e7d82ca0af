"""The card of an imported model does not claim that it was trained here, nor by the preset's rates."""

from dataclasses import replace

from bundles import build_manifest
from stackgan_k3.export.about import About
from stackgan_k3.export.card import model_card

from stackgan_k3.config import load_preset


class ImportedRun:
    """What `About.of_run` reads of a run."""

    def __init__(self, folder, source):
        self.folder = folder
        self.config = load_preset("stackgan-coco", {"text.encoder": "published"})
        self.data_info = {"source": source, "title": "not recorded"}
        self.examples, self.machines = [], []

    def has(self, phase, network):
        return True

    def metrics(self):
        return []

    metrics_taken = metrics


def test_only_what_is_true_is_said(tmp_path):
    manifest = replace(build_manifest(), condition="embedding", embedding="", examples=())
    imported = model_card(manifest, About.of_run(ImportedRun(tmp_path, "import-torch")), [])
    trained = model_card(manifest, About.of_run(ImportedRun(tmp_path, "stackgan-pickles")), [])
    assert "Imported into stackgan_k3" in imported and "Trained with" not in imported
    assert "Trained with stackgan_k3" in trained
    for name, both in (("stage1.width", True), ("noise\\_dim", True), ("stage1.generator\\_rate", False)):
        assert name in trained
        assert (name in imported) == both, name
