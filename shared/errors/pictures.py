"""Pictures and masks that cannot be used; the item fails, the batch goes on."""

from shared.errors.base import RestyleError


class ImageError(RestyleError):
    """A picture that cannot be used; the item fails, the batch goes on."""


class ImageUnreadable(ImageError):
    """The bytes are no picture of a supported container."""

    code = "image_unreadable"
    sentence = "{source} is not an image that Restyle reads: {reason}."
    hint = "Upload a JPEG, PNG, WebP or TIFF under this key and retry the item."


class ImageTruncated(ImageError):
    """The picture's bytes end too early."""

    code = "image_truncated"
    sentence = "{source} is cut short or damaged: {reason}."
    hint = "Upload the whole file again and retry the item."


class ImageTooLarge(ImageError):
    """The picture is over the limits for bytes, pixels or sides."""

    code = "image_too_large"
    sentence = "{source} is too large: {size}, the limit is {limit}."
    hint = "Upload a smaller version, or raise the RESTYLE_MAX_* limits if the host has the memory."


class ImageTooSmall(ImageError):
    """The picture is too small to hold a garment."""

    code = "image_too_small"
    sentence = "{source} is too small: {size}, the least is {limit}."
    hint = "Upload the picture at its full size and retry the item."


class ImageAnimated(ImageError):
    """An animation or a file of several pages."""

    code = "image_animated"
    sentence = "{source} is an animation or has several pages ({frames} frames)."
    hint = "Upload a single still picture and retry the item."


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


class MaskMismatch(MaskError):
    """A supplied mask has another size than its source."""

    code = "mask_mismatch"
    sentence = "The mask {mask} is {mask_size} but {source} is {source_size} (width x height)."
    hint = "Supply a mask of exactly the source's size, after its EXIF rotation."
