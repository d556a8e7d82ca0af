"""One training step of Stage-I against the same step written out in plain PyTorch."""

import keras
import networks
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the reference is written in PyTorch")
from torch.nn import functional as F  # noqa: E402, N812

RATE = 0.05
KL_WEIGHT = 2.0


class Reference:
    """Stage-I of the paper on [batch, channels, height, width], with autograd and plain gradient descent.

    Weights are taken in the order in which the networks use them.
    """

    def __init__(self, generator, discriminator):
        self.generator, self.discriminator = (
            [_tensor(w) for w in part] for part in (generator, discriminator)
        )

    def draw(self, batch):
        take = iter(self.generator)
        both = F.relu(batch["embedding"] @ next(take) + next(take))
        mean, log_variance = both.chunk(2, dim=1)
        condition = mean + batch["conditioning_noise"] * torch.exp(log_variance / 2)
        x = torch.cat([batch["noise"], condition], dim=1) @ next(take)
        x = F.relu(_normalize(x, take))
        x = x.view(len(x), 4, 4, -1).permute(0, 3, 1, 2)
        for _ in range(4):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = F.relu(_normalize(_convolve(x, take), take))
        return torch.tanh(_convolve(x, take)), mean, log_variance

    def judge(self, pictures, condition, roll=0):
        take = iter(self.discriminator)
        x = F.leaky_relu(_convolve(pictures, take, stride=2), 0.2)
        for _ in range(3):
            x = F.leaky_relu(_normalize(_convolve(x, take, stride=2), take), 0.2)
        x = x.roll(roll, dims=0)
        x = torch.cat([condition[:, :, None, None].expand(-1, -1, 4, 4), x], dim=1)
        x = F.leaky_relu(_normalize(_convolve(x, take), take), 0.2)
        return F.conv2d(x, next(take).permute(3, 2, 0, 1), next(take)).view(-1)

    def step(self, batch):
        with torch.no_grad():
            pictures, mean, _ = self.draw(batch)
        real = self.judge(batch["image"], mean)
        wrong = self.judge(batch["image"], mean, roll=1)
        fake = self.judge(pictures, mean)
        d_loss = _cross_entropy(real, batch["real_labels"])
        d_loss = d_loss + (_cross_entropy(wrong, 0 * wrong) + _cross_entropy(fake, 0 * fake)) / 2
        d_gradient = _descend(d_loss, self.discriminator)

        pictures, mean, log_variance = self.draw(batch)
        fake_again = self.judge(pictures, mean.detach())  # by the discriminator that has just stepped
        kl = torch.mean((mean**2 + log_variance.exp() - 1 - log_variance) / 2)
        g_loss = _cross_entropy(fake_again, torch.ones_like(fake_again)) + KL_WEIGHT * kl
        g_gradient = _descend(g_loss, self.generator)
        means = {"d_real": real, "d_wrong": wrong, "d_fake": fake}
        logs = {"discriminator_loss": d_loss, "generator_loss": g_loss, "kl": kl}
        logs |= {"discriminator_gradient": d_gradient, "generator_gradient": g_gradient}
        logs |= {name: torch.sigmoid(logits).mean() for name, logits in means.items()}
        return {name: value.item() for name, value in logs.items()}


def _tensor(value):
    return torch.tensor(np.array(value), device="cpu", requires_grad=True)


def _convolve(x, take, stride=1):
    return F.conv2d(x, next(take).permute(3, 2, 0, 1), stride=stride, padding=1)


def _normalize(x, take):
    return F.batch_norm(x, None, None, next(take), next(take), training=True, eps=1e-5)


def _cross_entropy(logits, targets):
    return F.binary_cross_entropy_with_logits(logits, targets)


def _descend(loss, weights):
    gradients = torch.autograd.grad(loss, weights)
    with torch.no_grad():
        for weight, gradient in zip(weights, gradients, strict=True):
            weight -= RATE * gradient
    return torch.sqrt(sum((gradient**2).sum() for gradient in gradients))


def numbers(variables):
    return [np.array(keras.ops.convert_to_numpy(variable)) for variable in variables]


def test_a_step_of_stage1_is_that_of_the_paper():
    stage = networks.stage1(kl_weight=KL_WEIGHT)
    stage.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    parts = {name: getattr(stage, name).trainable_variables for name in ("generator", "discriminator")}
    before = {name: numbers(variables) for name, variables in parts.items()}
    reference = Reference(**before)
    batch = networks.batch(stage)
    logs = stage.train_on_batch(batch, return_dict=True)

    tensors = {name: torch.tensor(value, device="cpu") for name, value in batch.items()}
    tensors["image"] = tensors["image"].permute(0, 3, 1, 2) / 127.5 - 1
    expected = reference.step(tensors)
    assert {name: float(value) for name, value in logs.items()} == pytest.approx(expected, rel=1e-4)
    for name, variables in parts.items():
        found, wanted = numbers(variables), [w.detach().numpy() for w in getattr(reference, name)]
        for variable, start, ours, theirs in zip(variables, before[name], found, wanted, strict=True):
            step = np.abs(theirs - start).max()
            assert step > 1e-6, f"{name} {variable.path} did not move: nothing is compared"
            # A weight of 0.1 has a rounding error of 4e-9, whatever the length of the step.
            np.testing.assert_allclose(
                ours, theirs, rtol=1e-6, atol=2e-4 * step + 1e-8, err_msg=f"{name} {variable.path}"
            )
