"""The family ``timm:NAME``: an architecture of timm, cut into units between which one tensor passes.

A unit is a group of timm's own group matcher, the one by which timm lowers rates with depth. The network is traced by
``torch.fx`` and cut where a group begins, so any architecture can be run from the middle that hands on a single tensor
there. Steps and layers are timm's, and so are the names inside a unit: ``blocks.3.blocks.2.0.conv_pw.weight`` is timm's
``blocks.2.0.conv_pw.weight``, in our fourth block. What follows ``forward_features`` is the pool, the classifier the
head. Pictures are repeated to the channels of the published weights, which are three nearly always.
"""

import inspect
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from permafrost.backbones.tracing import CannotCutError, cut
from permafrost.errors import PermafrostError
from permafrost.models.network import Network
from permafrost.settings import nearest, shown

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)


def build(input_shape: tuple[int, ...], classes: int, architecture: str) -> Network:
    """Timm's ``architecture`` for pictures of ``input_shape`` = (height, width), drawn from the global generator.

    Raises:
        PermafrostError: timm has no such architecture, it cannot take such pictures, or it cannot be cut into units
            that compute, bit for bit, what timm's own network does.
    """
    if len(input_shape) != 2:
        raise PermafrostError(
            f"backbone timm:{architecture}: input of shape {input_shape}; expected (height, width): input.kind logmel"
        )
    model = _create(architecture, classes, input_shape)
    channels = model.pretrained_cfg["input_size"][0]
    picture = torch.linspace(-1, 1, channels * input_shape[0] * input_shape[1]).view(1, channels, *input_shape)
    try:
        expected = _evaluate(model, picture)
    except Exception as error:  # of any kind: timm's and torch's words for a size that does not fit
        raise PermafrostError(
            f"backbone timm:{architecture}: cannot take pictures of {_size(input_shape)}: {_line(error)}; set the "
            f"recipe's input.size (the published weights are for {_size(model.pretrained_cfg['input_size'][1:])})"
        ) from None
    units, pool, head = _cut(model, architecture)
    network = Network(units[0], units[1:], pool, head, input_channels=channels)
    if not torch.equal(_evaluate(network, picture), expected):
        raise _uncut(architecture, "what its traced steps compute differs from what timm computes")
    return network


def convert(state: dict[str, Tensor], architecture: str) -> dict[str, Tensor]:
    """Names of timm's state dict for ``architecture`` to ours, the head included.

    Tensors of timm's that the network does not use are left out; other names are handed on.
    """
    model = _create(architecture, classes=1)
    units, pool, _ = _cut(model, architecture)
    places = ["stem", *(f"blocks.{index}" for index in range(len(units) - 1)), "pool"]
    parts = zip(places, [*units, pool], strict=True)
    ours = {name: f"{place}.{name}" for place, part in parts for name in part.state_dict()}
    classifier = model.get_classifier()
    (prefix,) = (name for name, module in model.named_modules() if module is classifier)
    ours |= {f"{prefix}.{name}": f"head.{name}" for name in ("weight", "bias")}
    if state.keys() <= set(ours.values()):
        return state
    unused = model.state_dict().keys() - ours.keys()
    return {ours.get(name, name): tensor for name, tensor in state.items() if name not in unused}


def _create(architecture: str, classes: int, input_shape: tuple[int, ...] | None = None) -> Any:
    """Timm's own network; its size is the published weights' where none is given."""
    # Here, not above: it loads torchvision and half of torch.
    import timm

    if not timm.is_model(architecture):
        known = nearest(architecture.split(".")[0], timm.list_models())
        raise PermafrostError(
            f"backbone timm:{architecture}: timm {timm.__version__} has no {shown(architecture)}{known}"
        )
    published = timm.get_pretrained_cfg(architecture)
    sized = published is not None and published.fixed_input_size and input_shape
    try:
        return timm.create_model(
            architecture, num_classes=classes, **({"img_size": tuple(input_shape)} if sized else {})
        )
    except Exception as error:  # of any kind, by how far it got with these arguments
        raise PermafrostError(f"backbone timm:{architecture}: timm cannot make it: {_line(error)}") from None


class _Tracer(fx.Tracer):
    """Traces as timm says that it is to be traced; torch's layers and timm's variants of them stay whole.

    So a norm is still a norm, and what acts otherwise in training goes on doing so.
    """

    proxy_buffer_attributes = True  # tables move with the network, under their names

    def __init__(self) -> None:
        from timm.layers import DropPath, get_notrace_functions, get_notrace_modules

        super().__init__(autowrap_functions=tuple(get_notrace_functions()))
        self.leaves = (DropPath, *get_notrace_modules())

    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        layers = (kind.__module__ for kind in type(module).__mro__ if kind is not nn.Module)
        is_layer = any(place.startswith("torch.nn.") for place in layers) and not isinstance(module, CONTAINERS)
        return is_layer or isinstance(module, self.leaves)


def _cut(model: Any, architecture: str) -> tuple[list[nn.Module], nn.Module, nn.Linear]:
    """The units in order, what follows them up to the classifier, and the classifier; all made of ``model``'s modules.

    Raises:
        PermafrostError: it cannot be traced or cut, or does not end in one linear layer.
    """
    from timm.models import group_parameters

    head = model.get_classifier()
    if not isinstance(head, nn.Linear):
        raise _uncut(architecture, f"its classifier is a {type(head).__name__}, not one linear layer")
    if not hasattr(model, "group_matcher"):
        raise _uncut(architecture, "timm does not group its parameters by depth")
    unit_of = group_parameters(model, model.group_matcher(coarse=False), reverse=True)
    try:
        # In training, in which timm's networks keep nothing from one call to the next.
        graph = _traced(model.train())
    except Exception as error:  # of any kind: control flow that depends on the data, above all
        raise _uncut(architecture, f"torch.fx cannot trace it: {_line(error)}") from None
    # Parameters that match nothing are timm's highest group, with the head. They follow the units, as all does from
    # where the features are complete.
    starts_pool = {node.name: max(unit_of.values()) for node in graph.nodes if node.target is features_complete}
    try:
        *units, pool = cut(graph, model, unit_of | starts_pool)
    except CannotCutError as error:
        raise _uncut(architecture, str(error)) from None
    if not units or not starts_pool:
        raise _uncut(architecture, "timm's groups are no units of its depth")
    return units, pool, head


def _traced(model: Any) -> fx.Graph:
    """The steps of ``model`` up to its classifier."""
    tracer = _Tracer()

    def head(features: Any) -> Any:
        step = tracer.create_proxy("call_function", features_complete, (features,), {})
        return type(model).forward_head(model, step, pre_logits=True)

    options = list(inspect.signature(model.forward).parameters.values())[1:]
    model.forward_head = head
    try:
        graph = tracer.trace(model, {option.name: option.default for option in options})
    finally:
        del model.forward_head
    for number, node in enumerate(graph.find_nodes(op="call_function", target=F.dropout)):
        # As a function it would keep the mode in which it was traced.
        name = f"dropout_{number}"
        model.add_module(name, nn.Dropout(node.kwargs["p"]))
        node.op, node.target, node.args, node.kwargs = "call_module", name, node.args[:1], {}
    return graph


def features_complete(features: Any) -> Any:
    """A step without effect, where ``forward_features`` ends."""
    return features


def _evaluate(network: nn.Module, picture: Tensor) -> Tensor:
    network.eval()
    with torch.no_grad():
        found = network(picture)
    network.train()
    return found


def _uncut(architecture: str, reason: str) -> PermafrostError:
    return PermafrostError(
        f"backbone timm:{architecture}: cannot be cut into units: {reason}; choose another architecture (most of "
        "timm's residual, efficient and transformer networks can be cut)"
    )


def _size(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
