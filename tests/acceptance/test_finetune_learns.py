"""The demo's painter learns a print that it never saw, and keeps what it knew."""

import numpy as np
import pytest

from infra.demo.catalogue import draw, mask_of
from infra.demo.finetune import (
    BASE,
    LEARNED_FROM,
    answers,
    drift,
    places,
    share,
    train,
    write_pictures,
)
from infra.demo.print import print_share, printed


def test_the_statistic_tells_the_print_from_all_else():
    """Nearly all of the drawn truth, nothing of what the catalogue draws itself."""
    truth = [(drawing.image, mask_of(drawing, "dress")) for drawing in printed(LEARNED_FROM, 6)]
    assert min(print_share(image, area) for image, area in truth) > 0.95
    drawn = [draw(seed, (224, 288)) for seed in range(40)]
    assert max(print_share(one.image, mask_of(one, one.garments[0].kind)) for one in drawn) < 0.02


def test_some_steps_already_show_the_print(tmp_path):
    """The base paints none of it for the token."""
    write_pictures(tmp_path / "shop")
    where = places(2)
    flags = ("--max_train_steps=24", "--num_validation_images=1")
    learned = train(tmp_path / "out", tmp_path / "shop", *flags)
    shares = [share(answers(model, where).token, where) for model in (BASE, learned)]
    assert shares[0] == 0
    assert shares[1] > 0.05


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_token_paints_the_print_and_the_class_stays(tmp_path):
    """After more; without prior preservation the class drifts further."""
    write_pictures(tmp_path / "shop")
    where = places(6)
    before = answers(BASE, where)
    bare = train(tmp_path / "bare", tmp_path / "shop", "--max_train_steps=80")
    flags = ("--max_train_steps=80", "--with_prior_preservation", "--num_class_images=24")
    kept = train(tmp_path / "kept", tmp_path / "shop", *flags)
    loose, firm = answers(bare, where), answers(kept, where)
    assert share(before.token, where) == 0
    assert np.minimum(share(loose.token, where), share(firm.token, where)) > 0.3
    assert share(firm.plain, where) < 0.1 < share(loose.plain, where)
    drifts = [drift(before.plain, one.plain, where) for one in (firm, loose)]
    assert drifts[0] < 0.8 * drifts[1]
