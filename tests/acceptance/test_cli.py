"""The `restyle` command as a process: what it prints, on which stream, with which exit status."""

import json
import subprocess
import sys
import uuid
from collections import Counter

import pytest
from PIL import Image
from typer.testing import CliRunner

from producer.check import Report
from producer.cli import ROOMS, app
from producer.cli.checking import summary
from producer.control import retry
from shared.board import StatusBoard
from shared.dispatch import Dispatcher
from shared.errors import ImageTruncated, ItemNotFailed, ItemUnknown, MaskEmpty
from shared.jobs import Failure
from shared.queue import Publisher, celery_app
from shared.settings import Settings
from tests.installation import DEMO_MODELS, Installation


@pytest.fixture(scope="module")
def style(installation) -> str:
    """A style whose model is a directory small enough to be hashed at once."""
    model = installation.folder / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "weights.safetensors").write_bytes(b"\0" * 16)
    return f"mask: the dress\npaint: a red dress\nsegmenter: {model}\npainter: {model}\n"


def files(installation: Installation, style: str, manifest: str) -> list[str]:
    """The arguments that every submission needs."""
    folder = installation.folder / uuid.uuid4().hex
    folder.mkdir()
    (folder / "spring.yaml").write_text(style)
    (folder / "manifest.csv").write_text(manifest)
    return [
        *("--manifest", str(folder / "manifest.csv"), "--style", str(folder / "spring.yaml")),
        # Of its own: what another test's batch has in hand is not queued once more.
        *("--output", f"{installation.prefix}out/{folder.name}/"),
    ]


def manifest_of(installation: Installation, *names: str) -> str:
    """A CSV of sources in the installation's bucket."""
    rows = [f"{installation.prefix}in/{name}.jpg,{name}" for name in names]
    return "\n".join(["source,external_id", *rows])


@pytest.fixture
def batch(installation, style) -> str:
    """A submitted batch of items A, B and C."""
    arguments = files(installation, style, manifest_of(installation, "A", "B", "C"))
    batch_id = f"b-{uuid.uuid4().hex[:8]}"
    done = installation.restyle("submit", *arguments, "--batch-id", batch_id)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"The batch {batch_id} is submitted: 3 items, standard lane.",
        f"Next: restyle watch {batch_id}",
    ]
    return batch_id


@pytest.fixture
def board(installation):
    """The installation's board, for what workers would do."""
    board = StatusBoard.connect(settings_of(installation))
    yield board
    board.close()


def settings_of(installation: Installation) -> Settings:
    """The settings that the installation's processes have."""
    environment = installation.environment
    return Settings(
        redis_url=environment["RESTYLE_REDIS_URL"], namespace=environment["RESTYLE_NAMESPACE"]
    )


def test_a_batch_is_followed_from_submission_to_cancellation(installation, batch):
    """Status, list, pause, resume and cancel agree with one another, for people and programs."""
    (status,) = installation.json("status", batch)
    assert (status["batch"], status["phase"], status["total"]) == (batch, "queued", 3)
    assert sum(status["counts"].values()) == status["total"]

    assert installation.json("pause", batch) == [{"batch": batch, "paused": True}]
    (listed,) = installation.json("status")
    assert [one["phase"] for one in listed if one["batch"] == batch] == ["paused"]
    assert installation.json("resume", batch) == [{"batch": batch, "paused": False}]
    assert f"{batch}: queued, 3 queued of 3 items" in installation.restyle("status", batch).stdout
    assert "3 items cancelled" in installation.restyle("cancel", batch).stdout
    line = next(one for one in installation.restyle("status").stdout.splitlines() if batch in one)
    assert line.split()[1] == "cancelled"
    assert line.split()[-4:] == ["0", "0", "0", "3"]


def test_a_repeated_submission_says_so_and_another_one_is_refused(installation, style):
    """Exit status 0 for the same again, 2 and a code for something else."""
    arguments = files(installation, style, manifest_of(installation, "A"))
    named = ["--batch-id", f"b-{uuid.uuid4().hex[:8]}"]
    (first,) = installation.json("submit", *arguments, *named)
    assert first["repeated"] is False
    assert first["output"] == arguments[-1]
    again = installation.restyle("submit", *arguments, *named)
    assert again.returncode == 0
    assert "was already submitted" in again.stdout
    other = files(installation, style, manifest_of(installation, "B"))
    refused = installation.restyle("submit", *other, *named, "--json")
    assert refused.returncode == 2
    assert json.loads(refused.stdout)["error"]["code"] == "batch_exists"


def test_a_prompt_that_is_too_long_is_told_where_the_models_are_at_hand(installation, style):
    """What will not be read is told at once, and hinders nothing."""
    models = f"segmenter: {DEMO_MODELS}/clipseg\npainter: {DEMO_MODELS}/inpaint\n"
    wordy = f"mask: the dress\npaint: a red dress {'x' * 90} at last\n{models}"
    arguments = files(installation, wordy, manifest_of(installation, "A"))
    done = installation.restyle("submit", *arguments)
    assert done.returncode == 0
    assert "note: the painter reads 77 tokens of the prompt; cut:" in done.stderr
    (answer,) = installation.json("submit", *arguments, "--force")
    assert [note.endswith('at last"') for note in answer["notes"]] == [True]
    (silent,) = installation.json(
        "submit", *files(installation, style, manifest_of(installation, "A"))
    )
    assert silent["notes"] == []


def test_all_wrong_rows_are_shown_and_nothing_is_queued(installation, style):
    """People get a table on stderr, programs the same as JSON on stdout."""
    rows = [manifest_of(installation, "A", "A"), "http://x/y.jpg,[bold]B", ",C", ",D"]
    arguments = files(installation, style, "\n".join(rows))
    shown = installation.restyle("submit", *arguments)
    assert (shown.returncode, shown.stdout) == (2, "")
    for told in (
        "A is also the id of row 2",
        "is not in S3",
        "5, 6 source is missing",
    ):
        assert told in " ".join(shown.stderr.split())
    assert "manifest_invalid" in shown.stderr
    (answer,) = installation.json("submit", *arguments)
    problems = answer["error"]["details"]["problems"]
    assert [(one["row"], one["column"]) for one in problems] == [
        (3, "external_id"),
        (4, "source"),
        (5, "source"),
        (6, "source"),
    ]


def test_failures_are_listed_with_reason_and_hint_and_retried_by_code(installation, batch, board):
    """What a worker reports is what a person reads; a retry takes just what it is asked for."""
    settings = settings_of(installation)
    queue = celery_app(settings)
    Dispatcher(board, Publisher(queue), settings).step()
    queue.close()
    errors = [
        MaskEmpty(source="s3://shop/A.jpg", reason="no pixel answers to the dress"),
        ImageTruncated(source="s3://shop/B.jpg", reason="it ends early"),
    ]
    for number, error in enumerate(errors):
        claim = board.claim(batch, number, owner="tester", lease_seconds=60)
        board.finish(claim, Failure.of(error))

    failed = installation.json("items", batch, "--state", "failed")
    assert [item["failure"]["code"] for item in failed] == ["mask_empty", "image_truncated"]
    shown = installation.restyle("items", batch).stdout.splitlines()
    assert shown[0].split() == ["failed", "#0", "A", f"{installation.prefix}in/A.jpg"]
    assert shown[1].strip() == f"mask_empty: {errors[0]}"
    assert shown[2].strip() == f"→ {MaskEmpty.hint}"
    assert shown[-2].split()[0] == "queued"
    assert shown[-1] == f"Then: restyle retry {batch}"

    (none,) = installation.json("retry", batch, "--item", "")
    assert none["error"]["message"] == f"The batch {batch} has no item ''."
    (wrong,) = installation.json("retry", batch, "--code", "mask_emty")
    assert wrong["error"]["code"] == "code_unknown"
    assert "did you mean mask_empty" in wrong["error"]["message"]
    with pytest.raises(ItemNotFailed):
        retry(board, batch, items=["A", "C"])
    with pytest.raises(ItemUnknown):
        retry(board, batch, items=["Z"])
    assert installation.json("retry", batch, "--item", "#0", "--code", "mask_empty") == [
        {"batch": batch, "queued": 1}
    ]
    assert retry(board, batch, codes=["mask_empty"]) == 0
    assert retry(board, batch, items=["B"]) == 1
    assert board.status(batch).open == 3


def test_a_cancelled_batch_neither_pauses_nor_goes_on(installation, batch):
    """Nothing claims that it does; and what has nothing to show says so."""
    assert installation.restyle("cancel", batch).returncode == 0
    for command in ("pause", "resume"):
        (refused,) = installation.json(command, batch)
        assert refused["error"]["code"] == "batch_cancelled"
    again = installation.restyle("cancel", batch)
    assert "no open item" in again.stdout
    none = installation.restyle("items", batch, "--state", "done")
    assert (none.stdout, none.returncode) == ("", 0)
    assert "is done" in none.stderr
    assert batch in installation.restyle("status").stdout.split()


@pytest.mark.parametrize("command", ["status", "items", "cancel", "retry", "pause", "resume"])
def test_an_unknown_batch_is_an_error_of_every_command(restyle_environment, command):
    """Never "done", never an empty answer."""
    done = CliRunner().invoke(app, [command, "no-such-batch", "--json"])
    assert done.exit_code == 2
    assert json.loads(done.stdout)["error"]["code"] == "batch_unknown"


def test_errors_for_people_go_to_stderr_with_a_hint(restyle_environment):
    """Standard output stays clean for pipes."""
    done = CliRunner().invoke(app, ["status", "no-such-batch"])
    assert done.stdout == ""
    assert "batch_unknown" in done.stderr
    assert "restyle status" in done.stderr


def test_a_mistyped_command_names_the_nearest():
    """Commands are loaded late, but known by name."""
    done = CliRunner().invoke(app, ["stats"])
    assert done.exit_code == 2
    assert "did you mean status" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ["submit", "--lane", "nope"],
            "'--lane': 'nope' is not one of 'urgent', 'standard', 'bulk'",
        ),
        (["status", "--limit", "0"], "'--limit': should be greater than or equal to 1, not '0'"),
        (["status", "--limit", "few"], "'--limit': should be a whole number, not 'few'"),
    ],
)
def test_a_wrong_option_is_told_in_plain_words(arguments, told):
    """No validator, no input, no parser: what it should be, and what it is."""
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.replace("│", "").split())


def test_a_redis_that_is_away_has_an_exit_status_of_its_own(installation):
    """Scripts can tell a wrong input from a service that is down."""
    environment = installation.environment | {"RESTYLE_REDIS_URL": "redis://:pw@127.0.0.1:1/0"}
    away = Installation(installation.folder, installation.bucket, environment)
    done = away.restyle("status", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "redis_unreachable"
    assert "pw" not in done.stdout.replace("pwd", "")


def test_an_output_may_come_from_the_environment(installation, style):
    """RESTYLE_OUTPUT is the default of --output; without both, the hint names both."""
    arguments = files(installation, style, manifest_of(installation, "A"))[:4]
    (missing,) = installation.json("submit", *arguments)
    assert missing["error"]["code"] == "output_missing"
    assert "--output" in missing["error"]["hint"]
    environment = installation.environment | {"RESTYLE_OUTPUT": installation.prefix + "shop"}
    (submitted,) = Installation(installation.folder, installation.bucket, environment).json(
        "submit", *arguments
    )
    assert submitted["output"] == installation.prefix + "shop/"


def test_help_shows_every_command():
    """The first thing that people type."""
    done = CliRunner().invoke(app, ["--help"])
    assert done.exit_code == 0
    for command in ROOMS:
        assert command in done.stdout
    for meaning in ("items failed", "a replay differs", "a --timeout was over", "130 interrupted"):
        assert meaning in " ".join(done.stdout.split())


@pytest.mark.parametrize("command", ROOMS)
def test_every_command_explains_itself(command):
    """Each command is where the table says, and has a help text."""
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert f"restyle {command}" in done.stdout


def test_a_command_loads_no_library_that_it_does_not_need():
    """`restyle status` must answer at once: no boto3, no celery, no pillow."""
    program = (
        "import sys; from typer.testing import CliRunner; from producer.cli import app;"
        "CliRunner().invoke(app, ['status', '--help']);"
        "print(sorted({'boto3', 'celery', 'PIL', 'numpy', 'torch', 'redis'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_check_tells_everything_in_one_table_and_queues_nothing(installation, style):
    """Exit status 2 where submit would refuse, 1 where items would fail, 0 where all is well."""
    shelf = installation.bucket / "in"
    shelf.mkdir(exist_ok=True)
    Image.new("RGB", (80, 90)).save(shelf / "fine.jpg")
    (shelf / "page.jpg").write_text("<html>gone</html>")
    fine = files(installation, style, manifest_of(installation, "fine"))
    done = installation.restyle("check", *fine)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 1 pictures can be used: 1 JPEG; 0.0 megapixels." in done.stdout
    assert "whether a file is damaged further on" in done.stdout
    some = files(installation, style, manifest_of(installation, "fine", "page", "gone"))
    done = installation.restyle("check", *some)
    assert done.returncode == 1
    assert "1 of 3 pictures can be used" in done.stdout
    assert "image_markup" in done.stdout
    assert "object_missing" in done.stdout
    assert "page (row 3)" in done.stdout
    wrong = manifest_of(installation, "fine", "page") + "\nhttp://elsewhere/a.jpg,x"
    done = installation.restyle("check", *files(installation, style, wrong), "--json")
    assert done.returncode == 2
    *findings, counts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [found["finding"]["kind"] for found in findings] == ["row", "item"]
    assert (counts["usable"], counts["failing"], counts["wrong_rows"]) == (
        1,
        {"image_markup": 1},
        1,
    )
    assert counts["refused"]


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (
            Report(items=2, rows=9, wrong_rows=7, containers=Counter(JPEG=2), pixels=2_460_000),
            [
                "2 of 9 rows can be used: 2 JPEG; 2.5 megapixels.",
                "7 wrong rows: nothing would be queued before they are corrected.",
            ],
        ),
        (
            Report(rows=1, wrong_rows=1),
            [
                "None of 1 rows can be used.",
                "1 wrong row: nothing would be queued before it is corrected.",
            ],
        ),
        (
            Report(items=1, rows=1, failing=Counter(image_empty=1)),
            ["None of 1 pictures can be used.", "1 item would fail alone: 1 image_empty."],
        ),
        (Report(wrong_rows=1), ["1 wrong row: nothing would be queued before it is corrected."]),
        (
            Report(items=30, rows=30, containers=Counter(PNG=30), pixels=360_000_000),
            ["30 of 30 pictures can be used: 30 PNG; 360 megapixels."],
        ),
    ],
)
def test_the_summary_of_a_check_counts_what_it_names(found, lines):
    """Rows where rows are wrong, else pictures; one is one, and none is none."""
    assert list(summary(found)) == lines
