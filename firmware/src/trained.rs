//! The weights of the published models, which `prepare` writes to `generated/`.

use crate::models::{Autoencoder, Catalogue, ResNet8};
use kerust::weights::embedded;

/// The autoencoder with trained weights.
#[allow(long_running_const_eval)]
pub static AUTOENCODER: Autoencoder = embedded(
    "autoencoder.safetensors",
    include_bytes!("../generated/autoencoder.safetensors"),
);

/// ResNet-8 with trained weights.
#[allow(long_running_const_eval)]
pub static RESNET8: ResNet8 = embedded(
    "resnet8.safetensors",
    include_bytes!("../generated/resnet8.safetensors"),
);

/// The catalogue with weights from a fixed seed.
#[allow(long_running_const_eval)]
pub static CATALOGUE: Catalogue = embedded(
    "catalogue.safetensors",
    include_bytes!("../generated/catalogue.safetensors"),
);
