//! The weights of the published models, which `prepare` writes to `generated/`.

use crate::fashion_int8::FashionInt8;
use crate::models::{
    Autoencoder, AutoencoderInt8, Catalogue, KeywordsInt8, KeywordsLstm, ResNet8, ResNet8Int8,
    Transformer,
};
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

/// The keyword spotter with an LSTM, with weights from a fixed seed.
#[allow(long_running_const_eval)]
pub static KEYWORDS_LSTM: KeywordsLstm = embedded(
    "keywords_lstm.safetensors",
    include_bytes!("../generated/keywords_lstm.safetensors"),
);

/// The Transformer with weights from a fixed seed.
#[allow(long_running_const_eval)]
pub static TRANSFORMER: Transformer = embedded(
    "transformer.safetensors",
    include_bytes!("../generated/transformer.safetensors"),
);

/// The autoencoder in 8 bits.
#[allow(long_running_const_eval)]
pub static AUTOENCODER_INT8: AutoencoderInt8 = embedded(
    "autoencoder_int8.safetensors",
    include_bytes!("../generated/autoencoder_int8.safetensors"),
);

/// ResNet-8 in 8 bits.
#[allow(long_running_const_eval)]
pub static RESNET8_INT8: ResNet8Int8 = embedded(
    "resnet8_int8.safetensors",
    include_bytes!("../generated/resnet8_int8.safetensors"),
);

/// The keyword spotter in 8 bits.
#[allow(long_running_const_eval)]
pub static KEYWORDS_INT8: KeywordsInt8 = embedded(
    "keywords_int8.safetensors",
    include_bytes!("../generated/keywords_int8.safetensors"),
);

/// The model of clothing in 8 bits.
#[allow(long_running_const_eval)]
pub static FASHION_INT8: FashionInt8 = embedded(
    "fashion_int8.safetensors",
    include_bytes!("../generated/fashion_int8.safetensors"),
);
