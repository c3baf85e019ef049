"""Models packed as archives in a test's bucket."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from shared.jobs import ResolvedModel


def packed(directory: Path) -> bytes:
    """A directory as a gzipped tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(directory, arcname="model")
    return buffer.getvalue()


def put_archive(bucket: Path, content: bytes) -> ResolvedModel:
    """Put an archive into the bucket."""
    (bucket / "model.tar.gz").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    reference = f"s3://{bucket.name}/model.tar.gz#sha256={digest}"
    return ResolvedModel(reference=reference, kind="archive", digest=digest)


def write_painter(directory: Path, *, mark: str = "weights") -> Path:
    """The files of a painter, as an export lays them out; they cannot be loaded, only carried."""
    parts = {"unet": "diffusers", "vae": "diffusers", "scheduler": "diffusers"}
    parts |= {"text_encoder": "transformers", "tokenizer": "transformers"}
    index = {"_class_name": "StableDiffusionInpaintPipeline"}
    texts = {
        "model_index.json": json.dumps(index | {part: [lib, "X"] for part, lib in parts.items()}),
        "unet/config.json": '{"in_channels": 9}',
        "scheduler/scheduler_config.json": "{}",
        "tokenizer/vocab.json": "{}",
        "README.md": "# A card",
        "card.json": '{"steps": 4}',
        "samples.png": "a picture",
        "code/inference.py": "def model_fn(directory): ...",
        "code/requirements.txt": "diffusers",
    }
    weights = [f"{part}/model.safetensors" for part in ("unet", "vae", "text_encoder")]
    for name, text in (texts | dict.fromkeys(weights, mark)).items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return directory
