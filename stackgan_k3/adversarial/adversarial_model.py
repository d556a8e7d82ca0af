"""Two networks, two optimizers, one ``fit()``: the trainer of every adversarial system."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from stackgan_k3 import engine
from stackgan_k3.adversarial.gradient_penalty import gradient_penalty
from stackgan_k3.adversarial.objective import Objective
from stackgan_k3.draws import Draw
from stackgan_k3.errors import UserError

# What every adversarial model logs, whatever its objective.
GRADIENT_NAMES = ("discriminator_gradient", "generator_gradient")


class AdversarialModel(engine.EngineModel):
    """Alternates the updates of a discriminator and a generator.

    A subclass says what its pictures are (:meth:`draw`) and what the two
    networks minimize (:meth:`discriminator_loss`, :meth:`generator_loss`); this
    class makes it a model with ``compile()`` and ``fit()`` on JAX, TensorFlow and
    PyTorch. One step: the generator draws once; the discriminator steps on those
    pictures; the generator steps on what the updated discriminator says of the
    same pictures, through the pullback kept from drawing them; the averaged
    generator follows. Besides what the subclass logs (``log_names``), the norms of both
    gradients are logged, as ``discriminator_gradient`` and ``generator_gradient``.

    Args:
        generator: Network whose outputs are a dict with ``image``.
        discriminator: Network that judges pictures.
        average_decay: Decay of the averaged generator's weights a step, 0 to 1.
            Early on it is ``(1 + step) / (10 + step)`` where that is smaller.
        seed: Seed of the random entries that a batch does not bring.
        adversarial_loss: ``"logistic"``, ``"hinge"`` or ``"relativistic"``; see :class:`Objective`.
        generator_loss: Of ``"logistic"``: ``"non-saturating"``, or ``"saturating"`` for the minimax loss.
        r1_weight: The weight γ of the R1 penalty of the discriminator; 0 for none. With one, ``r1`` is
            logged: :func:`gradient_penalty`, without its weight, in the mean over the steps that have it;
            ``discriminator_loss`` is logged without it.
        r1_every: The penalty is computed in the first of every so many steps, at ``r1_every · γ``
            (Karras et al., 2020, appendix B: lazy regularization).
        **kwargs: Of ``keras.Model``.

    Attributes:
        averaged_generator: A copy of the generator whose weights (and batch norm
            statistics) are the running average. It draws the samples and is what
            gets exported.

    Raises:
        UserError: If ``average_decay`` lies outside [0, 1), ``r1_weight`` is negative, ``r1_every`` is
            not at least 1, or there are no such losses.

    Example:
        See :class:`stackgan_k3.models.stackgan_stage.StackGANStage`.
    """

    log_names: tuple[str, ...] = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        average_decay: float = 0.999,
        seed: int = 0,
        adversarial_loss: str = "logistic",
        generator_loss: str = "non-saturating",
        r1_weight: float = 0.0,
        r1_every: int = 16,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not 0.0 <= average_decay < 1.0:
            raise UserError(f"average_decay is {average_decay}; it must be at least 0 and below 1")
        if r1_weight < 0 or r1_every < 1:
            raise UserError(
                f"r1_weight is {r1_weight} and r1_every {r1_every}; the weight must be at least "
                "0, the number of steps at least 1"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.averaged_generator = type(generator).from_config(generator.get_config())
        self.averaged_generator.set_weights(generator.get_weights())
        self.averaged_generator.trainable = False
        self.average_decay = average_decay
        self.objective = Objective(adversarial_loss, generator_loss)
        self.r1_weight = float(r1_weight)
        self.r1_every = int(r1_every)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed % 2**31)  # the most that every backend takes
        logged = (*self.log_names, *GRADIENT_NAMES, *(("r1",) if r1_weight else ()))
        self.log_metrics = [keras.metrics.Mean(name=name) for name in logged]
        self.built = True

    # What a subclass provides.

    @property
    def draws(self) -> Mapping[str, Draw]:
        """The random entries of a batch, by name."""
        raise NotImplementedError

    def prepare(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Turns a batch from the loader into what the losses want (pictures as floats)."""
        return batch

    def draw(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Runs the generator in training mode; returns a dict with ``image``."""
        raise NotImplementedError

    def discriminator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Returns the discriminator's loss (a scalar) and what to log."""
        raise NotImplementedError

    def generator_loss(self, batch: dict[str, Any], drawn: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Returns the generator's loss (a scalar) and what to log."""
        raise NotImplementedError

    def judge_real(self, batch: dict[str, Any], drawn: dict[str, Any], image: Any) -> Any:
        """Returns what the discriminator says of real pairs, in training mode: logits ``[batch, 1]``.

        Args:
            batch: The batch, prepared.
            drawn: What was drawn for it.
            image: In the place of the batch's pictures, so that a gradient for them can be taken.
        """
        raise NotImplementedError

    # What is the same for all of them.

    def compile(
        self,
        generator_optimizer: keras.optimizers.Optimizer | None = None,
        discriminator_optimizer: keras.optimizers.Optimizer | None = None,
        **kwargs: Any,
    ) -> None:
        """Sets the two optimizers.

        Both become one ``MultiOptimizer``, so that a backend which carries the
        optimizer's state through the step carries both.

        Args:
            generator_optimizer: By default Adam(2e-4, β₁ 0.5, β₂ 0.999).
            discriminator_optimizer: By default the same.
            **kwargs: Of ``keras.Model.compile``, without ``optimizer`` and ``loss``.
        """
        for name in ("optimizer", "loss"):
            if name in kwargs:
                raise UserError(
                    f"compile() got '{name}'; an adversarial model takes generator_optimizer and "
                    "discriminator_optimizer, and brings its own losses"
                )
        self.generator_optimizer = keras.optimizers.get(generator_optimizer or _adam())
        self.discriminator_optimizer = keras.optimizers.get(discriminator_optimizer or _adam())
        if self.generator_optimizer is self.discriminator_optimizer:
            raise UserError("generator_optimizer and discriminator_optimizer are one object; pass two")
        # By identity: variable paths of functional networks do not name the network.
        mine = {id(variable) for variable in self.generator.trainable_variables}
        both = keras.optimizers.MultiOptimizer(
            lambda variable: (
                self.generator_optimizer if id(variable) in mine else self.discriminator_optimizer
            )
        )
        super().compile(optimizer=both, loss=None, **kwargs)
        self.optimizer.build([*self.generator.trainable_variables, *self.discriminator.trainable_variables])

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """The means that ``fit()`` resets each epoch."""
        return list(self.log_metrics)

    def update(self, batch: Any) -> dict[str, Any]:
        """Makes one training step on a batch (see the class) and returns the epoch's means so far."""
        batch, _, _ = keras.utils.unpack_x_y_sample_weight(batch)
        self._check(batch)
        batch = self.prepare(self._complete(batch))
        g, d = self.generator, self.discriminator

        drawn, pullback = engine.vjp(lambda: self.draw(batch), g.trainable_variables)
        due = ops.equal(ops.mod(self.discriminator_optimizer.iterations, self.r1_every), 0)
        (d_loss, d_logs), gradients = engine.value_and_grad(
            lambda: self._penalized_loss(batch, drawn, due), d.trainable_variables
        )
        norms = {"discriminator_gradient": global_norm(gradients)}
        self.discriminator_optimizer.apply(gradients, d.trainable_variables)

        (g_loss, g_logs), cotangents = engine.input_gradient(
            lambda drawn: self.generator_loss(batch, drawn), drawn
        )
        gradients = pullback(cotangents)
        norms["generator_gradient"] = global_norm(gradients)
        self.generator_optimizer.apply(gradients, g.trainable_variables)
        self._follow()

        logs = {"discriminator_loss": d_loss, "generator_loss": g_loss, **norms, **d_logs, **g_logs}
        for metric in self.log_metrics:
            weight = ops.cast(due, "float32") if metric.name == "r1" else None
            metric.update_state(logs[metric.name], sample_weight=weight)
        return {metric.name: metric.result() for metric in self.log_metrics}

    def _penalized_loss(
        self, batch: dict[str, Any], drawn: dict[str, Any], due: Any
    ) -> tuple[Any, dict[str, Any]]:
        loss, logs = self.discriminator_loss(batch, drawn)
        if not self.r1_weight:
            return loss, logs
        r1 = engine.when(
            due, lambda: gradient_penalty(lambda x: self.judge_real(batch, drawn, x), batch["image"])
        )
        return loss + self.r1_weight * self.r1_every * r1, {"discriminator_loss": loss, **logs, "r1": r1}

    def _check(self, batch: Any) -> None:
        if not isinstance(batch, Mapping) or "image" not in batch:
            has = ", ".join(map(str, batch)) if isinstance(batch, Mapping) else type(batch).__name__
            raise UserError(f"a batch must be a dict with the pictures as 'image'; this one is: {has}")
        sides, wanted = tuple(batch["image"].shape)[1:3], tuple(self.generator.output["image"].shape)[1:3]
        if sides != wanted:
            raise UserError(
                f"the batch's pictures have the sides {sides}, the generator's {wanted}; give such pictures"
            )

    def _complete(self, batch: dict[str, Any]) -> dict[str, Any]:
        missing = {name: draw for name, draw in self.draws.items() if name not in batch}
        size = ops.shape(batch["image"])[0]
        filled = {}
        for name, draw in missing.items():
            shape = (size, *draw.shape)
            if draw.kind == "normal":
                filled[name] = keras.random.normal(shape, seed=self.seed_generator)
            else:
                filled[name] = keras.random.uniform(shape, draw.low, draw.high, seed=self.seed_generator)
        return {**batch, **filled}

    def _follow(self) -> None:
        step = ops.cast(self.generator_optimizer.iterations, "float32")
        keep = ops.minimum(self.average_decay, (1.0 + step) / (10.0 + step))
        pairs = zip(self.averaged_generator.variables, self.generator.variables, strict=True)
        for average, variable in pairs:
            average.assign(variable + keep * (average - variable))

    def get_config(self) -> dict[str, Any]:
        return {
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "average_decay": self.average_decay,
            "seed": self.seed,
            "adversarial_loss": self.objective.name,
            "generator_loss": self.objective.generator_loss_name,
            "r1_weight": self.r1_weight,
            "r1_every": self.r1_every,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "AdversarialModel":
        config = {
            key: keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else value
            for key, value in config.items()
        }
        return cls(**config)

    def get_compile_config(self) -> dict[str, Any]:
        optimizers = {
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }
        return {name: keras.saving.serialize_keras_object(value) for name, value in optimizers.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


def global_norm(gradients: Sequence[Any]) -> Any:
    """The L2 norm of several tensors taken as one vector, ``√Σ g²``, in float32.

    Args:
        gradients: Float tensors of any shape.

    Returns:
        A float32 scalar, at least 0.

    Example:
        >>> float(global_norm([ops.ones((2, 4)), ops.ones((1,))]))
        3.0
    """
    # Of an embedding, TensorFlow gives the rows that were looked up, some twice; reshaping adds them up.
    vectors = [ops.cast(ops.reshape(gradient, (-1,)), "float32") for gradient in gradients]
    squares = [ops.sum(ops.square(vector)) for vector in vectors]
    return ops.sqrt(sum(squares[1:], squares[0]))


def _adam() -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(2e-4, beta_1=0.5, beta_2=0.999)
