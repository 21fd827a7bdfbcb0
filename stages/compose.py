"""Write params.yaml as conf/ composes it: what ``dvc exp run`` does first, without running anything.

python -m stages.compose                    the default study
python -m stages.compose study=esc10 ...    the same with overrides
"""

import sys
from pathlib import Path

from permafrost.errors import PermafrostError
from permafrost.parameters.repeating import CONF
from stages.stage import PARAMS, run


def main() -> None:
    """Compose with the overrides given on the command line and replace params.yaml."""
    compose_into(PARAMS, sys.argv[1:])


def compose_into(path: Path, overrides: list[str]) -> None:
    """Compose conf/config.yaml with Hydra ``overrides`` into ``path``, by the function that DVC itself calls.

    Raises:
        PermafrostError: Hydra cannot compose them; the error has its message.
    """
    from dvc.utils.hydra import compose_and_dump  # takes a second to import
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        compose_and_dump(
            output_file=str(path),
            config_dir=str(CONF.resolve()),
            config_module=None,
            config_name="config",
            plugins_path=".",
            overrides=overrides,
        )
    except (HydraException, OmegaConfBaseException) as error:
        raise PermafrostError(f"{CONF}: {error}") from None


if __name__ == "__main__":
    run(main)
