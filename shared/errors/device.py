"""The device, and what dies on it."""

from shared.errors.base import RestyleError


class DeviceError(RestyleError):
    """The device, and what dies on it."""


class DeviceMissing(DeviceError):
    """The asked device does not exist on this host."""

    code = "device_missing"
    sentence = "There is no device {device} on this host; it has {devices}."
    hint = "Use --devices all or cpu, or the numbers that `nvidia-smi -L` lists."


class DeviceOutOfMemory(DeviceError):
    """A single image does not fit on the device."""

    code = "device_out_of_memory"
    sentence = "The device has not enough memory for one image at {working_size} px ({stage})."
    hint = "Lower working_size, or run on a device with more memory."


class DeviceLost(DeviceError):
    """The device stopped working while the item was on it."""

    code = "device_lost"
    retryable = True
    sentence = "The device stopped working while the item was on it: {reason}."
    hint = "The worker restarts and tries again by itself; if it repeats, check the device."


class BatcherClosed(DeviceError):
    """The worker drains: the item never reached the device and is handed back."""

    code = "batcher_closed"
    retryable = True
    sentence = "The worker is stopping; the item goes back to the queue."
    hint = "Nothing to do: another worker takes the item."


class OutputNotFinite(DeviceError):
    """A model's answer is not a picture: NaN or infinite."""

    code = "output_not_finite"
    sentence = "The {stage} model answered with values that are no finite numbers."
    hint = (
        "Retry the item; if it fails again, this model does not compute in the device's precision."
    )


class Poison(DeviceError):
    """The item ended its worker again and again, or was given out and never came back."""

    code = "poison"
    sentence = "The item is not tried again: {reason}."
    hint = "Look at the source and at the workers' logs before retrying it."
