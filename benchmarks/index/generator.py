"""The generator of templates, which is part of the product since `countenance bench` uses it."""

from countenance.bench.generator import TemplateGenerator, Templates

__all__ = ["TemplateGenerator", "Templates"]
