"""The systems by name: which tables the configuration of each has."""

from stackgan_k3.config.dcgan import DCGANConfig
from stackgan_k3.config.run import RunConfig
from stackgan_k3.config.stackgan import StackGANConfig

SYSTEMS: dict[str, type[RunConfig]] = {
    "dcgan": DCGANConfig,
    "stackgan": StackGANConfig,
}
