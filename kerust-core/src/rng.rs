//! Random numbers: a seed names a run.

use rand::SeedableRng;

/// The generator of everything random: ChaCha8, the same stream on every platform.
pub type Rng = rand::rngs::ChaCha8Rng;

/// A seed: the same seed, the same run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seed(pub u64);

impl Seed {
    /// A generator that starts at this seed.
    pub fn rng(self) -> Rng {
        Rng::seed_from_u64(self.0)
    }
}

/// Names the randomness of one training step, so that it depends on nothing that ran before: a
/// resumed run draws what the uninterrupted one would have drawn.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The seed of the run.
    pub seed: Seed,
    /// The number of the step since training began.
    pub number: u64,
}

impl Step {
    /// The randomness of the layer number `layer` in this step.
    pub fn layer(self, layer: u64) -> Random {
        Random { step: self, layer }
    }
}

/// The randomness of one layer in one training step.
#[derive(Clone, Copy, Debug)]
pub struct Random {
    step: Step,
    layer: u64,
}

impl Random {
    /// The step of a model that is itself the layer: its layers draw what no other layer draws.
    pub fn within(self) -> Step {
        // An odd constant with bits everywhere (2^64 over the golden ratio): layers lie far apart.
        let apart = (self.layer + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Step {
            seed: Seed(self.step.seed.0 ^ apart),
            number: self.step.number,
        }
    }

    /// A generator that this layer alone uses in this step.
    pub fn rng(self) -> Rng {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.step.seed.0.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.step.number.to_le_bytes());
        let mut rng = Rng::from_seed(bytes);
        rng.set_stream(self.layer);
        rng
    }
}
