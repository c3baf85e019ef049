"""Plain YAML: what a style needs of it, and nothing that a style may suffer from."""

from typing import Any

import yaml

#: A number of more characters is none that a field takes, and may cost more than it looks.
MAX_NUMBER = 100

#: Plain texts that YAML takes for dates and for its own key of a default.
_TEXTS = ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value")


class _PlainLoader(yaml.SafeLoader):
    """Safe YAML without what a style does not need and may suffer from.

    No aliases, which can blow a small file up to gigabytes, no tags, no doubled keys, no long
    numbers (in base 60 they overflow a float); a date is the text it is.
    """

    yaml_constructors = yaml.SafeLoader.yaml_constructors | dict.fromkeys(
        _TEXTS, yaml.SafeLoader.construct_yaml_str
    )

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases (*name) are not allowed in a style")
        if tag := getattr(self.current_event, "tag", None):
            raise yaml.YAMLError(f"tags ({tag}) are not allowed in a style")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - theirs
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) < len(node.value):
            raise yaml.YAMLError(f"a field is given twice, line {node.start_mark.line + 1} on")
        return mapping

    def construct_yaml_int(self, node: Any) -> Any:
        # YAML 1.1 counts `4:2:0` in base 60, as 14,520.
        text = self.construct_scalar(node)
        return text if ":" in text else super().construct_yaml_int(node)

    def construct_scalar(self, node: Any) -> Any:
        if node.tag.endswith((":int", ":float")) and len(node.value) > MAX_NUMBER:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"a number has over {MAX_NUMBER} characters, line {line}")
        return super().construct_scalar(node)


_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.construct_yaml_int)


def parse_yaml(text: str) -> object:
    """A document's value.

    Raises:
        ValueError: It is none; the message is a clause about it.
    """
    try:
        return yaml.load(text, Loader=_PlainLoader)  # noqa: S506 - a SafeLoader, made stricter
    except RecursionError as error:
        msg = "it is nested too deeply"
        raise ValueError(msg) from error
    except (yaml.YAMLError, ValueError) as error:
        msg = f"it is no valid YAML ({_place(error)})"
        raise ValueError(msg) from error


def _place(error: Exception) -> str:
    """`line 2: expected ',' or ']'`, where YAML says where; else its words on one line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    return f"line {mark.line + 1}: {problem}" if mark else " ".join(str(error).split())
