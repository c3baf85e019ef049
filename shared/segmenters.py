"""Segmenters: which kinds there are; a model's config.json tells its own. Torch-free.

CLIPSeg finds what a prompt describes. The others know the labels that they were trained on.
"""

#: `model_type` in config.json → the class of transformers that segments.
SEGMENTER_CLASSES = {
    "clipseg": "CLIPSegForImageSegmentation",
    "segformer": "SegformerForSemanticSegmentation",
    "beit": "BeitForSemanticSegmentation",
}
#: The kind that reads any words.
CLIPSEG = "clipseg"
#: All kinds, as errors name them.
SEGMENTER_KIND = "CLIPSeg, SegFormer or BEiT segmenter"
#: Where a segmenter's processor says what its pictures look like, in the order in which they are
#: looked for; transformers prefers the newer one too.
CONFIG_NAMES = ("processor_config.json", "preprocessor_config.json")
