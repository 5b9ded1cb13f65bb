"""Training that starts from a network: a few steps with small rates, and the mean of its weights before and after.

What a network has learnt from many sources is worth more than what a few hundred recordings teach, and fine-tuning
forgets it; the mean of the weights before and after keeps both (Wortsman et al. 2022, "Robust fine-tuning of zero-shot
models").
"""

from dataclasses import dataclass

from bonafide.training.backend import keras


@dataclass(frozen=True)
class Start:
    """A network to start from.

    Attributes
    ----------
    network : keras.Model
        A network of the same kind, or the branch of one.
    rate : float
        Share of the learning rates that it goes on with.
    share : float
        Of the weights after training in the mean with those before.
    """

    network: keras.Model
    rate: float
    share: float

    def branch(self, name: str) -> "Start":
        """Return the branch `name` of the network as a start of its own."""
        return Start(self.network.get_layer(name), self.rate, self.share)

    def blend(self, network: keras.Model) -> None:
        """Give `network`, trained on from this start, the mean of its weights and those that it started from."""
        pairs = zip(network.get_weights(), self.network.get_weights(), strict=True)
        network.set_weights([self.share * after + (1 - self.share) * before for after, before in pairs])


def copy_of(network: keras.Model) -> keras.Model:
    """Return a copy of `network` that was never compiled: no state of an optimizer goes into its file."""
    copy = type(network).from_config(network.get_config())
    copy.set_weights(network.get_weights())
    return copy
