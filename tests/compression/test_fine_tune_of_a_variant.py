from __future__ import annotations

from mnist_trainer.compression.plan import CompressionPlan, FineTuneConfig
from mnist_trainer.config.schema import AugmentConfig

PLAN = CompressionPlan.model_validate(
    {
        "fine_tune": {"epochs": 3},
        "variants": {"one": {"steps": ("prune",)}, "other": {"steps": ("prune",), "fine_tune": {"epochs": 8}}},
    }
)


def test_a_variant_is_trained_as_its_plan_says() -> None:
    assert PLAN.of("one").fine_tune == FineTuneConfig(epochs=3)


def test_what_a_variant_says_itself_comes_first() -> None:
    assert PLAN.of("other").fine_tune == FineTuneConfig(epochs=8)


def test_images_may_be_changed_in_another_way_than_the_parents() -> None:
    tune = FineTuneConfig.model_validate({"augment": {"shift": 1.0}})
    assert tune.augment == AugmentConfig(shift=1)
