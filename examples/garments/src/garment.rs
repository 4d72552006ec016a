//! The classes.

/// A kind of clothing, with the class numbers of Fashion-MNIST.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Garment {
    /// Short sleeves.
    TShirt,
    /// Two legs.
    Trouser,
    /// Long sleeves, pulled over the head.
    Pullover,
    /// From the shoulders to the knees.
    Dress,
    /// Long sleeves, open in front.
    Coat,
    /// An open shoe.
    Sandal,
    /// Buttons and a collar.
    Shirt,
    /// A flat closed shoe.
    Sneaker,
    /// Carried, not worn.
    Bag,
    /// A shoe above the ankle.
    AnkleBoot,
}

impl Garment {
    /// All kinds, in the order of the model's scores.
    pub const ALL: [Self; 10] = [
        Self::TShirt,
        Self::Trouser,
        Self::Pullover,
        Self::Dress,
        Self::Coat,
        Self::Sandal,
        Self::Shirt,
        Self::Sneaker,
        Self::Bag,
        Self::AnkleBoot,
    ];

    /// Its English name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TShirt => "T-shirt",
            Self::Trouser => "Trouser",
            Self::Pullover => "Pullover",
            Self::Dress => "Dress",
            Self::Coat => "Coat",
            Self::Sandal => "Sandal",
            Self::Shirt => "Shirt",
            Self::Sneaker => "Sneaker",
            Self::Bag => "Bag",
            Self::AnkleBoot => "Ankle boot",
        }
    }

    /// The kind with the largest score, the first one if several are equal.
    pub(crate) fn likeliest(scores: &[f32; 10]) -> Self {
        let mut best = (Self::TShirt, f32::NEG_INFINITY);
        for (garment, score) in Self::ALL.into_iter().zip(*scores) {
            if score > best.1 {
                best = (garment, score);
            }
        }
        best.0
    }
}
