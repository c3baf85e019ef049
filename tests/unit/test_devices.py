"""Devices: chosen without torch, pinned by the environment."""

import pytest

from shared.errors import DeviceMissing
from worker.devices import Device, chosen_devices


def test_all_means_every_gpu_of_this_process(monkeypatch):
    """CUDA_VISIBLE_DEVICES, where somebody set it, bounds what we may use."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,GPU-7f")
    assert [device.name for device in chosen_devices("all")] == ["2", "GPU-7f"]


def test_all_means_the_cpu_where_there_is_no_gpu(monkeypatch):
    """A laptop works without options."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert chosen_devices("all") == [Device("cpu")]


@pytest.mark.parametrize("asked", ["7", "0,7", ",", "gpu"])
def test_a_device_that_is_not_there_is_named(monkeypatch, asked):
    """With the devices that are."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(DeviceMissing, match="it has 0, 1, cpu"):
        chosen_devices(asked)


def test_a_child_sees_its_own_device_only():
    """Pinned, its only GPU is number 0; on the CPU every GPU is hidden from it."""
    assert Device("3").environment == {"CUDA_VISIBLE_DEVICES": "3"}
    assert (Device("3").torch_name, Device("cpu").torch_name) == ("cuda:0", "cpu")
    assert Device("cpu").environment == {"CUDA_VISIBLE_DEVICES": ""}
