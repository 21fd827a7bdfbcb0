"""A traced network, cut into parts between which one tensor passes; the parts keep its modules and their names."""

from collections.abc import Container, Iterator, Mapping

from torch import fx, nn


class CannotCutError(Exception):
    """Why a network has no such parts."""


def cut(graph: fx.Graph, root: nn.Module, unit_of: Mapping[str, int]) -> list[fx.GraphModule]:
    """The parts of ``root`` in forward order; one after the other they compute what ``graph`` does.

    A unit begins with the first step that touches a parameter of it, or with steps without parameters before that: at
    the last place where one tensor passes. Steps that do not depend on the input (tables made from buffers) are
    repeated in each part that needs them.

    Args:
        graph: a trace of ``root`` with one output, in which the first input alone is used.
        root: holds what the steps name.
        unit_of: number of the unit of each parameter; of a step too, by its name, where that begins a unit.

    Raises:
        CannotCutError: more than one tensor passes between two units, or two share a parameter.
    """
    entering, *_ = (node for node in graph.nodes if node.op == "placeholder")
    (output,) = (node for node in graph.nodes if node.op == "output")
    if not isinstance(output.args[0], fx.Node):
        raise CannotCutError("it gives more than one tensor")
    depends = {entering: -1}  # to the place in the order of steps
    starts: list[tuple[int, int]] = []  # where each unit begins: between these two steps
    unit, last = -1, 0
    for node in graph.nodes:
        if node in (entering, output) or depends.keys().isdisjoint(node.all_input_nodes):
            continue
        touched = [unit_of[name] for name in (*_parameters(node, root, depends), node.name) if name in unit_of]
        here = depends[node] = len(depends) - 1
        if touched and max(touched) > unit:
            starts.append((last + 1, here) if starts else (0, 0))
            unit = max(touched)
        if touched:
            last = here
    steps = list(depends)[1:]
    depends[output] = len(steps)
    # To each step, the last one that reads what it gives.
    read = {node: max((depends[user] for user in node.users if user in depends), default=-1) for node in depends}
    stored = root.state_dict().keys()
    parts = []
    begin = 0
    for number, (first, latest) in enumerate([*starts[1:], (len(steps), len(steps))], start=1):
        for end in range(latest, first - 1, -1):
            passing = [node for node in (entering, *steps[begin:end]) if read[node] >= end]
            if len(passing) == 1:
                break
        else:
            raise CannotCutError(f"{len(passing)} tensors, not one, pass from its unit {number} to the next")
        parts.append(_part(root, stored, steps[begin:end], entering, passing[0]))
        begin, entering = end, passing[0]
    names = [name for part in parts for name, _ in part.named_parameters()]
    if twice := [name for name in names if names.count(name) > 1]:
        raise CannotCutError(f"the parameter {twice[0]} is used by two units")
    return parts


def _parameters(node: fx.Node, root: nn.Module, depends: Container[fx.Node]) -> Iterator[str]:
    """Names of what ``node`` reads of ``root``, itself or by steps that do not depend on the input."""
    if node.op == "call_module":
        yield from (f"{node.target}.{name}" for name, _ in root.get_submodule(node.target).named_parameters())
    elif node.op == "get_attr":
        yield node.target
    for source in node.all_input_nodes:
        if source not in depends:
            yield from _parameters(source, root, depends)


def _part(
    root: nn.Module, stored: Container[str], nodes: list[fx.Node], entering: fx.Node, leaving: fx.Node
) -> fx.GraphModule:
    graph = fx.Graph()
    copies = {entering: graph.placeholder("x")}

    def copied(node: fx.Node) -> fx.Node:
        if node not in copies:
            copies[node] = graph.node_copy(node, copied)
        return copies[node]

    for node in nodes:
        copied(node)
    graph.output(copied(leaving))
    part = fx.GraphModule(root, graph)
    for node in graph.nodes:
        if node.op == "get_attr" and node.target not in stored:
            # It makes all buffers persistent; what the root does not store is no part of anyone's weights.
            place, _, name = node.target.rpartition(".")
            part.get_submodule(place)._non_persistent_buffers_set.add(name)
    return part
