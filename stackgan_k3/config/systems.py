"""The systems by name: which tables the configuration of each has."""

from stackgan_k3.config.dcgan import DCGANConfig
from stackgan_k3.config.gan_cls import GANCLSConfig
from stackgan_k3.config.run import RunConfig
from stackgan_k3.config.stackgan import StackGANConfig

SYSTEMS: dict[str, type[RunConfig]] = {
    "dcgan": DCGANConfig,
    "gan-cls": GANCLSConfig,
    "stackgan": StackGANConfig,
}
