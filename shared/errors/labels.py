"""Labels of a semantic segmenter, which prompts name."""

from shared.errors.inputs import InputError


class LabelUnknown(InputError):
    """A prompt names none of the labels that the style's segmenter knows."""

    code = "label_unknown"
    sentence = 'The segmenter {segmenter} knows no label "{prompt}"{nearest}.'
    hint = "Name one of its labels ({labels}), or take CLIPSeg, which reads any words."
