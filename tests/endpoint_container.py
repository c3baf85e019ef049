"""A container's part, in a process of its own: calls an endpoint's program as its toolkit does.

    python -I tests/endpoint_container.py MODEL_DIR

A line of stdin holds requests, which are answered side by side as one line of stdout; one that
names a `model_dir` loads another model instead.
"""

import importlib
import json
import resource
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

#: Rooms that no container has.
OURS = {"shared", "producer", "worker", "infra"}


def main(model_dir):
    """Load the program beside the model, and serve until stdin ends."""
    sys.path.insert(0, f"{model_dir}/code")
    program = importlib.import_module("inference")
    model = program.model_fn(model_dir)
    for line in sys.stdin:
        asked = json.loads(line)
        with ThreadPoolExecutor(len(asked)) as threads:
            told = list(threads.map(lambda wish: answered(program, model, **wish), asked))
        sys.stdout.write(json.dumps({"told": told, "ours": sorted(OURS & set(sys.modules))}) + "\n")
        sys.stdout.flush()


def answered(program, model, *, model_dir=None, **request):
    """One request's answer, or the sentence that would be HTTP 400's."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    try:
        if model_dir:
            model = program.model_fn(model_dir)
        return {"answer": painted(program, model, limits[1], **request)}
    except Exception as error:  # noqa: BLE001 - as the toolkit does, which answers all with 400
        return {"error": str(error), "kind": type(error).__name__}
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def painted(program, model, most, *, body, content_type="application/json", accept=None, room=None):
    """The answer's JSON; `room` is the memory in bytes that painting may take."""
    if content_type != "application/json":
        body = body.encode()
    wish = program.input_fn(body, content_type)
    if room:
        resource.setrlimit(resource.RLIMIT_AS, (used_bytes() + room, most))
    return program.output_fn(program.predict_fn(wish, model), accept)


def used_bytes():
    """The address space that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(sys.argv[1])
