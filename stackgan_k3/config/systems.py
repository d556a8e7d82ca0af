"""The systems by name: which tables the configuration of each has."""

from stackgan_k3.config.conditional_gan import ConditionalGANConfig
from stackgan_k3.config.dcgan import DCGANConfig
from stackgan_k3.config.gan_cls import GANCLSConfig
from stackgan_k3.config.probe import ProbeConfig
from stackgan_k3.config.run import RunConfig
from stackgan_k3.config.stackgan import StackGANConfig
from stackgan_k3.config.vae import VAEConfig

SYSTEMS: dict[str, type[RunConfig]] = {
    "conditional-gan": ConditionalGANConfig,
    "dcgan": DCGANConfig,
    "gan-cls": GANCLSConfig,
    "probe": ProbeConfig,
    "stackgan": StackGANConfig,
    "vae": VAEConfig,
}
