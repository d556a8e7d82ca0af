"""What is known of each data set before its module is imported: the command line reads this."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class SourceEntry:
    """What is known of a source before its module is imported.

    Its class is called with ``root`` (unless it reads no files), ``seed``, ``limit``
    and its options, all but ``root`` by name.

    Args:
        about: One line for lists of sources.
        module: The module under ``stackgan_k3.data``.
        class_name: The source's class.
        root: Whether it reads files: ``"required"``, ``"optional"`` or ``"none"``.
        layout: What its root holds, for messages; empty without a root.
        options: Its own options, name to one line of help; each is a string or None,
            and a flag of ``stackgan-k3 prepare``.

    Example:
        >>> SOURCES["cub"].root
        'required'
    """

    about: str
    module: str
    class_name: str
    root: Literal["required", "optional", "none"] = "required"
    layout: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


SOURCES: dict[str, SourceEntry] = {
    "coco-captions": SourceEntry(
        "COCO photographs, five captions each",
        "coco_captions",
        "CocoCaptions",
        layout="annotations/captions_train2017.json … and train2017/000000000009.jpg …",
    ),
    "cub": SourceEntry(
        "CUB-200-2011, photographs of birds cropped around them",
        "cub",
        "Cub",
        layout="images.txt, bounding_boxes.txt, image_class_labels.txt, train_test_split.txt, classes.txt, "
        "images/001.Black_footed_Albatross/… and text_c10/001.Black_footed_Albatross/….txt",
        options={
            "split": "zero-shot (the classes of the test split are never trained on, the default) or "
            "published (the split that the set came with)"
        },
    ),
    "digits": SourceEntry(
        "MNIST or Fashion-MNIST in IDX files, a Keras mnist.npz, or scikit-learn's small digits",
        "digits",
        "Digits",
        root="optional",
        layout="train-images-idx3-ubyte.gz … or mnist.npz; without it, scikit-learn's digits",
        options={"names": "digits (the default) or fashion: what the ten classes are called"},
    ),
    "fluent-emoji": SourceEntry(
        "Microsoft's Fluent emoji with their names, from two npm packages",
        "fluent_emoji",
        "FluentEmoji",
        layout="the unpacked npm packages @lobehub/fluent-emoji-3d and emojibase-data",
        options={
            "groups": "only these groups, by number or name, separated by commas",
            "background": "the colour behind the emoji, such as white or #eef (default: white)",
        },
    ),
    "huggingface": SourceEntry(
        "a set saved with datasets' save_to_disk, or one named on the hub",
        "huggingface",
        "HuggingFace",
        layout="a folder that datasets.load_from_disk reads, or a name on the hub such as user/set",
        options={
            "image_column": "the column of the pictures (default: the only one of that kind)",
            "caption_column": "the column of the captions (default: text, caption or captions)",
        },
    ),
    "image-folder": SourceEntry(
        "your own pictures: with metadata.jsonl or .csv, with name.txt beside name.jpg, or in class folders",
        "image_folder",
        "ImageFolder",
        layout="a folder, .zip or .tar with metadata.jsonl, metadata.csv, name.jpg and name.txt, "
        "or class name/….jpg",
    ),
    "oxford-flowers": SourceEntry(
        "Oxford 102 flowers, photographs with captions or the names of the flowers",
        "oxford_flowers",
        "OxfordFlowers",
        layout="jpg/image_00001.jpg … and text_c10/class_00001/image_00001.txt … or imagelabels.mat",
        options={
            "split": "zero-shot (the classes of the test split are never trained on, the default) or "
            "published (the split that the set came with)"
        },
    ),
    "stackgan-pickles": SourceEntry(
        "the pickles that StackGAN and its descendants ship, with their embeddings",
        "stackgan_pickles",
        "StackGANPickles",
        layout="train/filenames.pickle, train/class_info.pickle, train/char-CNN-RNN-embeddings.pickle, "
        "train/76images.pickle, train/304images.pickle and the same in test/",
        options={"captions": "a folder of text files, one a picture, where the captions themselves are"},
    ),
    "synthetic-birds": SourceEntry(
        "birds drawn by this package, ten captions each", "synthetic_birds", "SyntheticBirds", root="none"
    ),
    "webdataset": SourceEntry(
        "tars as img2dataset writes them",
        "webdataset",
        "WebDataset",
        layout="00000.tar … with 000000000.jpg, 000000000.txt and 000000000.json",
    ),
}
