"""One training step of GAN, GAN-CLS, GAN-INT and GAN-INT-CLS against the same step in plain PyTorch."""

import keras
import numpy as np
import pytest

from stackgan_k3.draws import draw_batch
from stackgan_k3.models.gan_cls.discriminator import GANCLSDiscriminator
from stackgan_k3.models.gan_cls.gan_cls import GANCLS
from stackgan_k3.models.gan_cls.gan_int import GANINT
from stackgan_k3.models.gan_cls.generator import GANCLSGenerator

torch = pytest.importorskip("torch", reason="the reference is written in PyTorch")
from torch.nn import functional as F  # noqa: E402, N812

RATE, BATCH, EMBEDDING, TEXT, NOISE, BETA = 0.05, 5, 9, 4, 6, 0.3


class Reference:
    """The GAN of Reed et al., 2016, on [batch, channels, height, width]; weights in order of use."""

    def __init__(self, generator, discriminator, *, matching_aware, interpolation):
        self.generator, self.discriminator = (
            [_tensor(w) for w in part] for part in (generator, discriminator)
        )
        self.matching_aware, self.interpolation = matching_aware, interpolation

    def draw(self, text, noise):
        take = iter(self.generator)
        text = F.leaky_relu(text @ next(take) + next(take), 0.2)
        x = torch.cat([noise, text], dim=1) @ next(take)
        x = F.relu(_normalize(x.view(len(x), 4, 4, -1).permute(0, 3, 1, 2), take))
        for _ in range(3):
            x = F.relu(_normalize(_transposed(x, take), take))
        return torch.tanh(_transposed(x, take))

    def judge(self, pictures, text):
        take = iter(self.discriminator)
        x = F.leaky_relu(_convolve(pictures, take, stride=2, padding=1), 0.2)
        for _ in range(3):
            x = F.leaky_relu(_normalize(_convolve(x, take, stride=2, padding=1), take), 0.2)
        text = F.leaky_relu(text @ next(take) + next(take), 0.2)
        x = torch.cat([text[:, :, None, None].expand(-1, -1, 4, 4), x], dim=1)
        x = F.leaky_relu(_normalize(_convolve(x, take), take), 0.2)
        return F.conv2d(x, next(take).permute(3, 2, 0, 1), next(take)).view(-1)

    def conditions(self, batch):
        """What the generator is asked for: texts, and the mixtures of each with the one before."""
        text, noise = batch["embedding"], batch["noise"]
        if self.interpolation:
            before = torch.cat([text[-1:], text[:-1]])
            text = torch.cat([text, BETA * text + (1 - BETA) * before])
            noise = torch.cat([noise, batch["interpolation_noise"]])
        return text, noise

    def step(self, batch):
        asked, noise = self.conditions(batch)
        text = batch["embedding"]
        with torch.no_grad():
            pictures = self.draw(asked, noise)[:BATCH]
        real = torch.sigmoid(self.judge(batch["image"], text))
        wrong = torch.sigmoid(self.judge(batch["image"], torch.cat([text[-1:], text[:-1]])))
        fake = torch.sigmoid(self.judge(pictures, text))
        if self.matching_aware:
            d_loss = -(real.log() + (1 - wrong).log() / 2 + (1 - fake).log() / 2).mean()
        else:
            d_loss = -(real.log() + (1 - fake).log()).mean()
        _descend(d_loss, self.discriminator)

        judged = torch.sigmoid(self.judge(self.draw(asked, noise), asked))
        g_loss = -judged[:BATCH].log().mean()
        logs = {"d_real": real.mean(), "d_wrong": wrong.mean(), "d_fake": fake.mean()}
        if self.interpolation:
            g_loss = g_loss - judged[BATCH:].log().mean()
            logs["d_interpolated"] = judged[BATCH:].mean()
        _descend(g_loss, self.generator)
        logs |= {"discriminator_loss": d_loss, "generator_loss": g_loss}
        return {name: value.item() for name, value in logs.items()}


def _tensor(value):
    return torch.tensor(np.array(value), device="cpu", requires_grad=True)


def _convolve(x, take, stride=1, padding=0):
    return F.conv2d(x, next(take).permute(3, 2, 0, 1), stride=stride, padding=padding)


def _transposed(x, take):
    return F.conv_transpose2d(x, next(take).permute(3, 2, 0, 1), stride=2, padding=1)


def _normalize(x, take):
    return F.batch_norm(x, None, None, next(take), next(take), training=True, eps=1e-5)


def _descend(loss, weights):
    gradients = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= RATE * gradient


def numbers(variables):
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def in_order_of_use(model):
    """The head's weights come in the order of its layers; the text's are used first."""
    d = model.discriminator
    head = [d.head.get_layer(index=i) for i in range(len(d.head.layers))]
    dense = [layer for layer in head if isinstance(layer, keras.layers.Dense)]
    rest = [layer for layer in head if not isinstance(layer, keras.layers.Dense)]
    ordered = [w for layer in (*dense, *rest) for w in layer.trainable_variables]
    return model.generator.trainable_variables, [*d.trunk.trainable_variables, *ordered]


@pytest.mark.parametrize("matching_aware", [True, False])
@pytest.mark.parametrize("interpolation", [True, False])
def test_a_step_is_that_of_the_paper(matching_aware, interpolation):
    sizes = {"embedding_dim": EMBEDDING, "text_dim": TEXT}
    networks = (GANCLSGenerator(3, noise_dim=NOISE, **sizes), GANCLSDiscriminator(2, **sizes))
    settings = {"matching_aware": matching_aware, "generator_loss": "non-saturating"}
    model = GANINT(*networks, beta=BETA, **settings) if interpolation else GANCLS(*networks, **settings)
    # Weights for which no ReLU is given a number that rounding could take to the other side of 0.
    random = np.random.default_rng(1)
    for variable in (*model.generator.variables, *model.discriminator.variables):
        scale = 1.0 if variable.path.endswith(("gamma", "moving_variance")) else 0.0
        variable.assign((scale + 0.1 * random.normal(size=variable.shape)).astype("float32"))
    model.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    variables = dict(zip(("generator", "discriminator"), in_order_of_use(model), strict=True))
    before = {name: numbers(part) for name, part in variables.items()}
    reference = Reference(**before, matching_aware=matching_aware, interpolation=interpolation)
    batch = {
        "image": random.integers(0, 256, (BATCH, 64, 64, 3)).astype("uint8"),
        "embedding": random.normal(size=(BATCH, EMBEDDING)).astype("float32"),
        **draw_batch(model.draws, seed=3, step=0, batch_size=BATCH),
    }
    logs = model.train_on_batch(batch, return_dict=True)

    tensors = {name: torch.tensor(value, device="cpu") for name, value in batch.items()}
    tensors["image"] = tensors["image"].permute(0, 3, 1, 2) / 127.5 - 1
    expected = reference.step(tensors)
    assert {name: float(logs[name]) for name in expected} == pytest.approx(expected, rel=1e-4)
    for name, part in variables.items():
        wanted = [w.detach().numpy() for w in getattr(reference, name)]
        for variable, start, ours, theirs in zip(part, before[name], numbers(part), wanted, strict=True):
            step = np.abs(theirs - start).max()
            assert step > 1e-6, f"{name} {variable.path} did not move: nothing is compared"
            np.testing.assert_allclose(
                ours, theirs, rtol=1e-6, atol=3e-4 * step + 1e-8, err_msg=f"{name} {variable.path}"
            )
