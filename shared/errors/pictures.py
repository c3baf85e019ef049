"""Pictures and masks that cannot be used; the item fails, the batch goes on.

Their hints fit before an item is queued and after it failed: `restyle check` gives them too.
"""

from shared.errors.base import RestyleError


class ImageError(RestyleError):
    """A picture that cannot be used; the item fails, the batch goes on."""


class ImageEmpty(ImageError):
    """The object has no bytes."""

    code = "image_empty"
    sentence = "{source} is empty: the object has 0 bytes."
    hint = "Upload the picture again; an upload may have failed half-way."


class ImageMarkup(ImageError):
    """HTML, SVG or XML under a picture's name."""

    code = "image_markup"
    sentence = "{source} is {what}, not a photograph."
    hint = (
        "An error page may have been saved in the picture's place, and SVG drawings are not "
        "painted: upload the photograph under this key."
    )


class ImageUnsupported(ImageError):
    """A picture or document of a kind that Restyle does not read."""

    code = "image_unsupported"
    sentence = "{source} is of no kind that Restyle reads: {reason}."
    hint = "Upload a JPEG, PNG, WebP, TIFF, AVIF or still GIF under this key."


class ImageUnreadable(ImageError):
    """The bytes are no picture at all."""

    code = "image_unreadable"
    sentence = "{source} is no picture: {reason}."
    hint = "Upload a JPEG, PNG, WebP, TIFF, AVIF or still GIF under this key."


class ImageTruncated(ImageError):
    """The picture's bytes end too early, or are damaged."""

    code = "image_truncated"
    sentence = "{source} is cut short or damaged: {reason}."
    hint = "Upload the whole file again."


class ImageBomb(ImageError):
    """A small file that would take far more memory or time than its size tells."""

    code = "image_bomb"
    sentence = "{source} looks like a decompression bomb: {reason}."
    hint = "If it is a genuine picture, save it anew at a smaller size."


class ImageMetadataBomb(ImageError):
    """Text or profiles inside the picture that unpack to far more than their size tells."""

    code = "image_metadata_bomb"
    sentence = "{source} holds metadata that unpacks to many megabytes."
    hint = "Save the picture without its metadata."


class ImageTooLarge(ImageError):
    """The picture is over the limits for bytes, pixels or sides."""

    code = "image_too_large"
    sentence = "{source} is too large: {size}, the limit is {limit}."
    hint = "Upload a smaller version, or raise the RESTYLE_MAX_* limits if the host has the memory."


class ImageTooSmall(ImageError):
    """The picture is too small to hold a garment."""

    code = "image_too_small"
    sentence = "{source} is too small: {size}, the least is {limit}."
    hint = "Upload the picture at its full size."


class ImagePlaceholder(ImageError):
    """A dot that stands where a shop has no picture."""

    code = "image_placeholder"
    sentence = "{source} is a placeholder of {size}, no photograph."
    hint = "Upload the picture under this key, or leave the row out."


class ImageTooNarrow(ImageError):
    """The picture is a strip: no square of it shows a garment."""

    code = "image_too_narrow"
    sentence = "{source} is {size}: one side is {aspect} times the other, the limit is {limit}."
    hint = "Crop the picture to the garment."


class ImageAnimated(ImageError):
    """An animation or a file of several pages."""

    code = "image_animated"
    sentence = "{source} is an animation or has several pages."
    hint = "Upload a single still picture."


class MemoryShort(ImageError):
    """The host had no memory left for the picture."""

    code = "memory_short"
    retryable = True
    sentence = "This host had no memory left for {source}."
    hint = "A worker tries again by itself; lower RESTYLE_MAX_MEMORY_BYTES where it repeats."


class KeptPixelsChanged(ImageError):
    """The composite changed a pixel outside the mask; its result is not published."""

    code = "kept_pixels_changed"
    sentence = "The result of {source} differs outside the mask by up to {levels} levels."
    hint = "This is a defect of Restyle: report it with the source, its style and the mask."


class OutputUnfaithful(ImageError):
    """An encoded result does not hold what was written into it; it is not published."""

    code = "output_unfaithful"
    sentence = "The encoded result of {source} was read back without {what}."
    hint = "This is a defect of Restyle: report it with the source, its style and the mask."


class MaskError(RestyleError):
    """A mask that must not be painted; the item fails, the batch goes on."""


class MaskEmpty(MaskError):
    """No pixel answers to the mask prompts, or the supplied mask is black."""

    code = "mask_empty"
    sentence = "There is nothing to repaint in {source}: {reason}."
    hint = "Check that the picture shows the garment, lower mask_threshold, or supply another mask."


class MaskTooLarge(MaskError):
    """The mask covers more of the picture than the style allows."""

    code = "mask_too_large"
    sentence = "The mask covers {area:.0%} of {source}; the style allows {limit:.0%}."
    hint = "Name the garment more exactly, raise mask_threshold or mask_max_area, or supply a mask."


class FrozenMaskLost(MaskError):
    """An approved mask is gone, or is no longer the one that was approved."""

    code = "frozen_mask_lost"
    sentence = "The approved mask {mask} of {source} cannot be used: {reason}."
    hint = (
        "Retry the item to find its mask anew; what restyle rerender made is rerendered once more."
    )


class MaskMismatch(MaskError):
    """A supplied mask has another size than its source."""

    code = "mask_mismatch"
    sentence = "The mask {mask} is {mask_size} but {source} is {source_size} (width x height)."
    hint = "Supply a mask of exactly the source's size, after its EXIF rotation."
