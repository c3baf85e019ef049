"""Seeds: valid manifests, styles, pictures and masks, from which all other inputs are made."""

import json
import struct

import numpy as np
from PIL import Image, ImageCms, features
from PIL.PngImagePlugin import PngInfo

from shared.sidecars import dump_sidecar
from tests.exports import FILES, REWRITES
from tests.pictures import chunk, file_of, odd_tiff, photo, turned
from tests.sidecars import sidecar_of

XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF/></x:xmpmeta>"
#: A packet of positions, and of a prefix that is none.
PLACES = (
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description "
    b"xmlns:gps='http://example.com/track/' xmlns:exif='http://ns.adobe.com/exif/1.0/' "
    b"xmlns:geo='http://www.w3.org/2003/01/geo/wgs84_pos#' gps:sku='A 7' geo:lat='48.8' "
    b"exif:GPSLatitude='48,51N'><gps:trip><geo:long>2.3</geo:long></gps:trip></rdf:Description>"
    b"</rdf:RDF>"
)
#: Rows that use every kind of column.
ROWS = [
    {"source": "s3://shop/in/a.jpg", "external_id": "SKU-1", "prompt": 'a "red", plaid dress'},
    {"source": "s3://shop/in/ü b.png", "seed": 7, "guidance_scale": 6.5, "mask": "s3://shop/m.png"},
    {"source": "s3://shop/c.webp", "mask_prompt": ["the dress", "the belt"], "strength": 0.5},
    {"source": "s3://shop/d.tif", "etag": "0123456789abcdef", "size": 4711, "scheduler": "ddim"},
]
STYLE = """\
name: spring
mask: [the dress, the belt]
protect: [the face, 'the hair', "the hands"]
paint: >
  a red plaid dress,
  photorealistic
negative_prompt: |
  blurry
steps: 25
guidance_scale: 6.5
strength: .9
seed: 12
background: "#ffffff"   # white
mask_growth: 1.2e-2
painter: s3://models/sd2.tar.gz
"""


def tables(delimiter: str) -> list[bytes]:
    """Manifests as CSV of a delimiter, in UTF-8 and in UTF-16, with different line ends."""
    columns = sorted(set().union(*ROWS))
    lines = [columns, *([_cell(row.get(name, "")) for name in columns] for row in ROWS)]
    text = "\n".join(delimiter.join(line) for line in lines) + "\n"
    crlf = text.replace("\n", "\r\n")
    return [text.encode(), crlf.encode("utf-8-sig"), crlf.encode("utf-16")]


def exports() -> list[bytes]:
    """Catalogues of other programs, as CSV."""
    return [(FILES / name).read_bytes() for name in REWRITES if not name.endswith(".manifest")]


def requests() -> list[bytes]:
    """Catalogues of other programs, as JSON Lines."""
    return [(FILES / name).read_bytes() for name in ("openai.jsonl", "sagemaker.manifest")]


def _cell(value: object) -> str:
    text = "|".join(value) if isinstance(value, list) else str(value)
    return '"' + text.replace('"', '""') + '"' if '"' in text or "," in text else text


def json_lines() -> list[bytes]:
    """Manifests as JSON Lines, with and without escapes."""
    plain = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS)
    return [plain.encode(), "\r\n".join(json.dumps(row) for row in ROWS).encode("utf-16")]


def styles() -> list[bytes]:
    """Styles in block and in flow notation."""
    flow = '{mask: the dress, paint: "a red dress", steps: 9, seed: 0x1f}'
    return [STYLE.encode(), flow.encode(), ("\ufeff---\n" + STYLE + "...\n").encode()]


def pictures() -> list[bytes]:
    """A picture of each container and of each mode that it may hold."""
    rgb, rgba = Image.fromarray(photo()), Image.fromarray(photo(channels=4), "RGBA")
    cmyk, lab = Image.fromarray(photo(channels=4), "CMYK"), Image.fromarray(photo(), "LAB")
    grey, palette = rgb.convert("L"), rgb.quantize(16)
    extras = {"exif": turned(6), "icc_profile": _srgb()}
    clear = {"transparency": 3}
    images = [
        *(file_of(rgb, "JPEG", xmp=XMP, **extras), file_of(rgb, "JPEG", progressive=True)),
        *(file_of(cmyk, "JPEG"), file_of(grey, "JPEG", **extras)),
        *(file_of(rgb, "MPO", save_all=True, append_images=[rgb]), file_of(rgb, "GIF")),
        *(file_of(rgb, "PNG", **extras), file_of(rgba, "PNG"), file_of(palette, "PNG", **clear)),
        *(file_of(_wide(), "PNG"), file_of(rgb.convert("1"), "PNG"), file_of(grey, "PNG", **clear)),
        *(file_of(rgb, "WEBP", xmp=XMP, **extras), file_of(rgba, "WEBP", lossless=True)),
        *(file_of(rgb, "TIFF", **extras), file_of(cmyk, "TIFF", compression="tiff_lzw")),
        *(file_of(_wide(), "TIFF", compression="tiff_deflate"), file_of(lab, "TIFF")),
        *(file_of(rgb, "TIFF", compression="jpeg"), file_of(palette, "TIFF")),
    ]
    images += _talkative(rgb)
    if features.check("avif"):
        images.append(file_of(rgb, "AVIF", **extras))
    return images


def _talkative(rgb: Image.Image) -> list[bytes]:
    """Pictures that say much beside their pixels: places, credits, a thumbnail, and nonsense."""
    gps = Image.Exif()
    gps[0x8825] = {1: "N", 2: (48.0, 51.0, 24.0)}
    return [
        *(file_of(rgb, container, xmp=PLACES, exif=gps) for container in ("JPEG", "WEBP", "MPO")),
        file_of(rgb, "TIFF", exif=gps, tiffinfo={700: PLACES}),
        file_of(rgb, "JPEG", exif=_with_thumbnail(rgb), extra=_iptc_segment()),
        *(odd_tiff(2, {700: XMP.decode()}), odd_tiff(4, {700: 7})),
        odd_tiff(2, {282: "fine", 283: "fine"}),
        file_of(rgb, "PNG", pnginfo=_texts()),
        *(
            _with_chunk(chunk(b"cICP", b"\x0c\x0d\0\1")),
            _with_chunk(chunk(b"gAMA", b"\0\1\x86\xa0")),
        ),
    ]


def _with_chunk(content: bytes) -> bytes:
    """A PNG that says more of its colours."""
    body = file_of(Image.fromarray(photo()), "PNG")
    return body[:33] + content + body[33:]


def _texts() -> PngInfo:
    """Keywords that are Pillow's names of other things."""
    texts = PngInfo()
    for keyword in ("xmp", "dpi", "transparency", "photoshop", "Copyright"):
        texts.add_text(keyword, "abc")
    return texts


def _iptc_segment() -> bytes:
    """A JPEG's segment of IPTC-IIM: creator and rights."""
    texts = {80: b"J. Doe", 116: "© Maison Élan".encode()}
    sets = [struct.pack(">BBBH", 0x1C, 2, key, len(text)) + text for key, text in texts.items()]
    block = b"".join(sets)
    content = b"Photoshop 3.0\0" + b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(block)) + block
    return b"\xff\xed" + struct.pack(">H", len(content) + 2) + content


def _with_thumbnail(rgb: Image.Image) -> bytes:
    """EXIF of two directories: an upright picture, and the thumbnail that follows."""
    small = file_of(rgb.resize((16, 16)), "JPEG")
    first = struct.pack(">H2H2I", 1, 0x0112, 3, 1, 1 << 16) + struct.pack(">I", 26)
    second = struct.pack(">H2H2I2H2II", 2, 0x0201, 4, 1, 56, 0x0202, 4, 1, len(small), 0)
    return b"Exif\0\0MM\0*" + struct.pack(">I", 8) + first + second + small


def sidecars() -> list[bytes]:
    """What lies beside a result, of one variant and of several."""
    return [dump_sidecar(sidecar_of()), dump_sidecar(sidecar_of(variants=3))]


def masks() -> list[bytes]:
    """Masks of the pictures' size, as people and programs write them."""
    grey = Image.fromarray(photo()).convert("L")
    modes = [grey.convert(mode) for mode in ("1", "L", "LA", "RGB", "RGBA", "P", "I;16")]
    return [
        *(file_of(image, "PNG") for image in modes),
        *(file_of(grey, container) for container in ("JPEG", "WEBP", "TIFF")),
    ]


def _wide() -> Image.Image:
    """16-bit grey."""
    return Image.fromarray(photo()[..., 0].astype(np.uint16) * 257)


def _srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
