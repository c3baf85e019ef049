"""The program of a SageMaker endpoint, which travels in a model's archive; torch-free itself."""

from importlib.resources import files

#: Where it lies in the archive.
FOLDER = "code"
#: The program, and what the container lacks to run it.
PROGRAM, NEEDS = "inference.py", "requirements.txt"


def texts() -> dict[str, str]:
    """Its files by their names in the archive, as they lie in this package."""
    here = files(__name__)
    return {f"{FOLDER}/{name}": here.joinpath(name).read_text("utf-8") for name in (PROGRAM, NEEDS)}
