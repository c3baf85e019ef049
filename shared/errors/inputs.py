"""What a person handed in."""

from shared.errors.base import RestyleError


class InputError(RestyleError):
    """Something a person wrote cannot be used as it is."""


class SettingsInvalid(InputError):
    """A `RESTYLE_*` variable or a line of the configuration file is wrong."""

    code = "settings_invalid"
    sentence = "The settings cannot be used: {reason}."
    hint = "Correct or unset it; `restyle config show` then lists every setting and its origin."


class StyleInvalid(InputError):
    """A style file is no style, or a field of it is wrong."""

    code = "style_invalid"
    sentence = "The style {style} cannot be used: {reason}."
    hint = "Correct the named fields; the README lists every field of a style."


class StyleUnreadable(StyleInvalid):
    """There is no style file of that name, or it may not be read."""

    code = "style_unreadable"
    sentence = "The style {style} cannot be read: {reason}."
    hint = "Check the path; a style is a YAML file on this disk."


class OutputMissing(InputError):
    """Nothing says where results are to go."""

    code = "output_missing"
    sentence = "No output was given."
    hint = "Use --output s3://bucket/prefix/, or set RESTYLE_OUTPUT."


class ManifestInvalid(InputError):
    """A manifest cannot be read, or some of its rows are wrong; nothing was queued."""

    code = "manifest_invalid"
    sentence = "The manifest {manifest} has {count} wrong row(s); nothing was queued: {reason}."
    hint = "Correct the named rows and submit again."


class ManifestUnreadable(InputError):
    """What is named as the manifest is no manifest at all."""

    code = "manifest_unreadable"
    sentence = "The manifest {manifest} cannot be read: {reason}."
    hint = "Give a UTF-8 .csv or .jsonl file (local or in S3), or a prefix s3://bucket/folder/."


class ManifestEmpty(InputError):
    """A manifest without a single row."""

    code = "manifest_empty"
    sentence = "The manifest {manifest} names no image; nothing was queued{left_out}."
    hint = "A CSV needs a `source` column and at least one row; a prefix must hold images."


class MappingInvalid(InputError):
    """What `--map` says cannot be followed."""

    code = "mapping_invalid"
    sentence = "--map {given} cannot be followed: {reason}."
    hint = "Write --map sku=COLUMN image=COLUMN[,COLUMN] with columns of the CSV's first line."


class CatalogueMissing(InputError):
    """A batch keeps no file that could be written back."""

    code = "catalogue_missing"
    sentence = "The batch {batch} has no catalogue file to write back: {reason}."
    hint = "Leave --as-source out: `restyle results {batch}` lists every item."


class AddressUncovered(InputError):
    """A result has no public address, and the catalogue that is written back needs one."""

    code = "address_uncovered"
    sentence = "{address} has no public address to stand in the place of {old}."
    hint = "Say under which address it is public: --rewrite {public}={folder}"


class AddressInvalid(InputError):
    """Not an address of the form that the field takes."""

    code = "address_invalid"
    sentence = "{address} is not a usable {kind}: {reason}."
    hint = "S3 addresses read s3://bucket/key."


class WindowInvalid(InputError):
    """Cron expression, time zone or length are of no window."""

    code = "window_invalid"
    sentence = "The window cannot be used: {reason}."
    hint = "A zone reads Europe/Paris, a length is up to 7 days, and a cron has five fields."


class ScheduleInvalid(InputError):
    """A field of a schedule cannot be used."""

    code = "schedule_invalid"
    sentence = "The schedule {schedule!r} cannot be used: {reason}."
    hint = "Correct the named options; `restyle schedule add --help` explains each."


class ScheduleExists(InputError):
    """The name belongs to another schedule."""

    code = "schedule_exists"
    sentence = "There is a schedule {schedule} already."
    hint = "Choose another name, or give --replace to put this one in its place."


class ScheduleUnknown(InputError):
    """No schedule of that name is on the board."""

    code = "schedule_unknown"
    sentence = "There is no schedule {schedule} on the board."
    hint = "Run `restyle schedule list` to list them."


class RunLost(InputError):
    """The run of a schedule ended one steward after the other."""

    code = "run_lost"
    sentence = "The run {slot} of the schedule {schedule} was lost with its steward {losses} times."
    hint = "Look at the stewards' logs and memory; `restyle schedule run {schedule}` tries again."


class BatchIdInvalid(InputError):
    """A batch id of a form that keys and file names cannot hold."""

    code = "batch_id_invalid"
    sentence = "{batch!r} is no usable batch id."
    hint = "Use up to 128 letters, digits, dots, dashes and underscores, a letter or digit first."


class BatchUnknown(InputError):
    """No batch of that id is on the board."""

    code = "batch_unknown"
    sentence = "There is no batch {batch} on the board."
    hint = "Run `restyle status --archived` without an id to list the batches, old ones too."


class BatchArchived(BatchUnknown):
    """The batch has ended long ago and left the board; S3 still has it."""

    code = "batch_archived"
    sentence = "The batch {batch} has left the board and is only read now, from {record}."
    hint = "To go on with it, put it back first: `restyle recover {record}`."

    @property
    def record(self) -> str:
        """Its folder in S3."""
        return str(self.facts["record"])

    @property
    def output(self) -> str:
        """Where its results lie."""
        return str(self.facts["output"])


class BatchNotArchived(InputError):
    """A batch that never ended is asked for by its folder in S3, which tells nothing of it yet."""

    code = "batch_not_archived"
    sentence = "The batch in {record} has not ended, and only the board knows how it stands."
    hint = "Ask for it by its id; if Redis was lost, `restyle recover {record}`."


class BatchExists(InputError):
    """The batch id is taken by a submission with other content."""

    code = "batch_exists"
    sentence = "The batch id {batch} belongs to another submission ({difference} differs)."
    hint = "Choose another --batch-id, or submit exactly the same manifest, style and output again."


class BatchIncomplete(InputError):
    """A submission ended before all of its items were on the board."""

    code = "batch_incomplete"
    sentence = "The batch {batch} has {found} of its {total} items; none of them was started."
    hint = "Submit exactly the same manifest, style and output again; what is there is kept."


class BatchRestoring(InputError):
    """A submission met a batch that `restyle recover` is putting back on the board."""

    code = "batch_restoring"
    sentence = "The batch {batch} is being recovered, and not all of its items are back yet."
    hint = "Wait for the `restyle recover` that is at it; one that was interrupted can be repeated."


class NothingToSubmit(InputError):
    """No row of a manifest would become an item."""

    code = "nothing_to_submit"
    sentence = "No row of {manifest} is to be rendered: {reason}."
    hint = "What waits is rendered by its own batch; `restyle plan` tells each row."


class OptionInvalid(InputError):
    """An option of a command has a value that means nothing."""

    code = "option_invalid"
    sentence = "{option} cannot be used: {reason}."
    hint = "`--help` shows what the command's options take."


class PilotWaits(InputError):
    """Going on was asked for a batch whose pilot is over."""

    code = "pilot_waits"
    sentence = "The pilot of the batch {batch} is over, and its other items wait for a promotion."
    hint = "Look at its results, then `restyle promote {batch}`, or `restyle cancel {batch}`."


class BatchCancelled(InputError):
    """The batch was cancelled and takes no more work."""

    code = "batch_cancelled"
    sentence = "The batch {batch} was cancelled; its items stay as they are."
    hint = "Submit the rows that you still want as a new batch."


class RecordMissing(InputError):
    """A part of a batch's permanent record is not in S3."""

    code = "record_missing"
    sentence = "The record of the batch is not there: S3 has no {record}."
    hint = "Name the folder that holds a batch.json: s3://bucket/prefix/_batches/NAME/."


class RecordInvalid(InputError):
    """A part of a batch's permanent record cannot be read, or is not as it was submitted."""

    code = "record_invalid"
    sentence = "The record {record} cannot be used: {reason}."
    hint = "Put back the object as it was written, or use the release that wrote it."


class ItemUnknown(InputError):
    """The batch has no item of that number or external id."""

    code = "item_unknown"
    sentence = "The batch {batch} has no item {item!r}."
    hint = "Run `restyle items {batch}` to list them."


class ItemNotFailed(InputError):
    """A retry was asked for an item that has not failed."""

    code = "item_not_failed"
    sentence = "The item {item} of the batch {batch} is {state}, not failed."
    hint = "Only failed items can be retried; render others again with a new batch."


class CodeUnknown(InputError):
    """Not one of the codes of this very list."""

    code = "code_unknown"
    sentence = "There is no error code {named!r}{nearest}."
    hint = "The codes of a batch's failures: `restyle items BATCH --state failed`."


class ResultsMissing(InputError):
    """A batch has nothing to show yet."""

    code = "results_missing"
    sentence = "The batch {batch} has no results to show yet."
    hint = "Run `restyle watch {batch}` and try again when items are done."


class SidecarInvalid(InputError):
    """A sidecar cannot be read, or is none that this release understands."""

    code = "sidecar_invalid"
    sentence = "The sidecar {sidecar} cannot be used: {reason}."
    hint = "Name the .json beside a result, in S3 or on this disk; `restyle results` lists them."


class NothingToReplay(InputError):
    """The sidecar is that of an item that failed; there is no result to compare with."""

    code = "nothing_to_replay"
    sentence = "There is nothing to replay in {sidecar}: its item failed as {failure}."
    hint = "Mend what the failure names, and `restyle retry {batch}`."


class ReplayUnfinished(InputError):
    """A replay did not end in its time; it was cancelled."""

    code = "replay_unfinished"
    sentence = "The replay did not end within {seconds:g} s: {reason}."
    hint = "Start a `restyle-worker` if none runs (`restyle doctor` tells), or raise --timeout."


class FileUnwritable(InputError):
    """A file that a command was asked to write cannot be written."""

    code = "file_unwritable"
    sentence = "{path} cannot be written: {reason}."
    hint = "Choose another place on this disk."
