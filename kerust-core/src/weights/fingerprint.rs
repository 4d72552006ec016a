//! The fingerprint of an architecture: a number for the compiler, and a text for people.

use crate::model::{LayerInfo, Source};
use crate::shape::Shape;

/// A hash of an architecture: two models whose inference differs in a layer's name, kind, declaration, shapes
/// or inputs have different fingerprints.
///
/// Layers that are active only in training (dropout, augmentation) are left out, and so are the element types
/// of weights, which are stored with each tensor of a file. The hash is 64-bit FNV-1a (Fowler, Noll, Vo) over
/// each layer's strings and shapes, each preceded by its length.
pub const fn fingerprint(layers: &[LayerInfo]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut place = 0;
    while place < layers.len() {
        let layer = &layers[place];
        place += 1;
        if layer.training_only {
            continue;
        }
        hash = text(hash, layer.name);
        hash = text(hash, layer.kind);
        hash = text(hash, layer.declared);
        hash = shape(hash, &layer.input);
        hash = shape(hash, &layer.output);
        if !follows(layers, place - 1) {
            hash = sources(hash, layers, layer.sources);
        }
    }
    hash
}

/// Whether a layer reads only the layer before it. The connections of a chain are not hashed.
const fn follows(layers: &[LayerInfo], place: usize) -> bool {
    let layer = &layers[place];
    let mut before = place;
    while before > 0 && layers[before - 1].training_only {
        before -= 1;
    }
    if layer.sources.len() != 1 {
        return layer.sources.is_empty();
    }
    match seen(layers, layer.sources[0]) {
        Source::Input(number) => before == 0 && number == 0,
        Source::Layer(number) => before == number + 1,
    }
}

/// The source of a value, skipping layers that are active only in training.
const fn seen(layers: &[LayerInfo], mut source: Source) -> Source {
    while let Source::Layer(number) = source {
        if number >= layers.len() || !layers[number].training_only {
            break;
        }
        if layers[number].sources.is_empty() {
            break;
        }
        source = layers[number].sources[0];
    }
    source
}

const fn sources(mut hash: u64, layers: &[LayerInfo], sources: &[Source]) -> u64 {
    hash = number(hash, sources.len());
    let mut place = 0;
    while place < sources.len() {
        hash = match seen(layers, sources[place]) {
            Source::Input(input) => number(hash, input),
            Source::Layer(layer) => text(hash, layers[layer].name),
        };
        place += 1;
    }
    hash
}

const fn byte(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x0100_0000_01b3)
}

/// Hashes a number as eight little-endian bytes, so that the host and a device get the same hash.
const fn number(mut hash: u64, number: usize) -> u64 {
    let bytes = (number as u64).to_le_bytes();
    let mut place = 0;
    while place < bytes.len() {
        hash = byte(hash, bytes[place]);
        place += 1;
    }
    hash
}

const fn text(hash: u64, text: &str) -> u64 {
    let mut hash = number(hash, text.len());
    let mut place = 0;
    while place < text.len() {
        hash = byte(hash, text.as_bytes()[place]);
        place += 1;
    }
    hash
}

const fn shape(hash: u64, shape: &Shape) -> u64 {
    let mut hash = number(hash, shape.rank());
    let mut axis = 0;
    while axis < shape.rank() {
        hash = number(hash, shape.dim(axis));
        axis += 1;
    }
    hash
}

/// One line for each layer that is included in the [`fingerprint`]:
/// `conv2d: Conv2D(10, 3x3, same) (28, 28, 1) -> (28, 28, 10)`.
#[cfg(feature = "std")]
pub(super) fn layer_lines(layers: &[LayerInfo]) -> String {
    let lines = layers.iter().filter(|layer| !layer.training_only);
    let lines = lines.map(|layer| {
        format!(
            "{}: {} {} -> {}",
            layer.name, layer.declared, layer.input, layer.output
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENSE: LayerInfo = LayerInfo {
        name: "dense",
        kind: "Dense",
        declared: "Dense(5, relu)",
        input: Shape::new(&[4]),
        output: Shape::new(&[5]),
        sources: &[],
        params: 25,
        weight_bytes: 100,
        macs: Some(20),
        arena_bytes: 0,
        training_only: false,
    };
    const DROPOUT: LayerInfo = LayerInfo {
        name: "dropout",
        kind: "Dropout",
        declared: "Dropout(0.2)",
        training_only: true,
        output: Shape::new(&[4]),
        ..DENSE
    };

    #[test]
    fn the_number_is_stable_and_made_while_compiling() {
        const FINGERPRINT: u64 = fingerprint(&[DENSE]);
        assert_eq!(FINGERPRINT, 0x6aa2_814c_e66b_7e2f);
        assert_eq!(fingerprint(&[]), 0xcbf2_9ce4_8422_2325);
    }

    #[test]
    fn every_fact_of_inference_counts() {
        let others = [
            LayerInfo {
                name: "dense_1",
                ..DENSE
            },
            LayerInfo {
                kind: "Denser",
                ..DENSE
            },
            LayerInfo {
                declared: "Dense(5, tanh)",
                ..DENSE
            },
            LayerInfo {
                input: Shape::new(&[4, 1]),
                ..DENSE
            },
            LayerInfo {
                output: Shape::new(&[6]),
                ..DENSE
            },
        ];
        for other in others {
            assert_ne!(fingerprint(&[other]), fingerprint(&[DENSE]), "{other:?}");
        }
        assert_ne!(fingerprint(&[DENSE, DENSE]), fingerprint(&[DENSE]));
    }

    #[test]
    fn the_fingerprint_includes_connections_that_are_not_a_chain() {
        const INPUT: &[Source] = &[Source::Input(0)];
        const FIRST: &[Source] = &[Source::Layer(0)];
        const SECOND: &[Source] = &[Source::Layer(1)];
        let dense = |sources| LayerInfo { sources, ..DENSE };
        let chain = fingerprint(&[DENSE, DENSE]);
        assert_eq!(fingerprint(&[dense(INPUT), dense(FIRST)]), chain);
        assert_ne!(fingerprint(&[dense(INPUT), dense(INPUT)]), chain);
        let dropout = LayerInfo {
            sources: FIRST,
            ..DROPOUT
        };
        assert_eq!(fingerprint(&[dense(INPUT), dropout, dense(SECOND)]), chain);
    }

    #[test]
    fn layers_of_training_alone_do_not_count() {
        assert_eq!(fingerprint(&[DROPOUT, DENSE]), fingerprint(&[DENSE]));
        let costlier = LayerInfo {
            macs: Some(1),
            params: 2,
            weight_bytes: 2,
            arena_bytes: 3,
            ..DENSE
        };
        assert_eq!(fingerprint(&[costlier]), fingerprint(&[DENSE]));
    }
}
