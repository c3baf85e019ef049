"""What torch's errors mean for the device, and what can be done about them."""

import gc

import torch

#: Words of errors after which every further call fails too (pytorch issues 44624 and 2300).
STICKY_WORDS = (
    "CUDA error",
    "device-side assert",
    "illegal memory access",
    "unspecified launch failure",
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_EXECUTION_FAILED",
)
#: Words of errors that are about memory but no OutOfMemoryError.
MEMORY_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
#: Newer than the oldest torch that we run on.
_ACCELERATOR_ERROR: type[RuntimeError] = getattr(torch, "AcceleratorError", torch.OutOfMemoryError)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a smaller call may pass; device memory and host memory alike."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and _says(error, MEMORY_WORDS)


def is_fatal(error: BaseException) -> bool:
    """Whether the device is lost to this process; it must end and be started anew."""
    if is_out_of_memory(error):
        return False
    if isinstance(error, _ACCELERATOR_ERROR):
        return True
    return isinstance(error, RuntimeError) and _says(error, STICKY_WORDS)


def free_memory() -> None:
    """Give back what nothing holds any more; reference cycles of pipelines hold gigabytes."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    text = str(error)
    return any(word in text for word in words)
