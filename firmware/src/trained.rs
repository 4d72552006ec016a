//! The weights of the published models, which `prepare` leaves in `generated/`.

use crate::models::{Autoencoder, Catalogue, ResNet8};
use kerust::weights::embedded;

/// The autoencoder, trained.
#[allow(long_running_const_eval)]
pub static AUTOENCODER: Autoencoder = embedded(
    "autoencoder.safetensors",
    include_bytes!("../generated/autoencoder.safetensors"),
);

/// ResNet-8, trained.
#[allow(long_running_const_eval)]
pub static RESNET8: ResNet8 = embedded(
    "resnet8.safetensors",
    include_bytes!("../generated/resnet8.safetensors"),
);

/// The catalogue, with weights of a fixed seed.
#[allow(long_running_const_eval)]
pub static CATALOGUE: Catalogue = embedded(
    "catalogue.safetensors",
    include_bytes!("../generated/catalogue.safetensors"),
);
