"""Write the tokens and vocabularies that Keras's TextVectorization and pad_sequences give.

Set up the environment as `generate.py` says, and run

    keras-venv/bin/python tests/golden/generate_text.py

It writes `text.json`: for each case the settings, the texts that are learned, the vocabulary, the texts that are
encoded, and their tokens; and the padded sequences of each pair of sides.
"""

import json
import pathlib

import keras
import numpy as np

LEARNED = [
    "The cat sat on the mat.",
    "The dog ate the cat's food!  ",
    "\tDon't -- panic; it's a (very) small dog.",
    "a b c [UNK] d \u00c9t\u00e9 \u00e9t\u00e9\u00a0caf\u00e9",
    "",
    "...",
]
ENCODED = [
    "the cat and the dog",
    "THE... cats food",
    "",
    "?!",
    "[UNK] very small \u00c9t\u00e9 caf\u00e9 b c d a on mat sat",
    "dont\npanic\x0bits",
]


def main():
    cases = []
    for standardize in ["lower_and_strip_punctuation", "lower", "strip_punctuation", None]:
        for split in ["whitespace", "character", None]:
            for max_tokens in [None, 7]:
                layer = keras.layers.TextVectorization(
                    max_tokens=max_tokens,
                    standardize=standardize,
                    split=split,
                    output_sequence_length=8 if split else None,
                )
                layer.adapt(LEARNED)
                # Without a split, each text is one token, in an axis of its own.
                texts = ENCODED if split else [[text] for text in ENCODED]
                tokens = np.array(layer(np.array(texts))).reshape(len(ENCODED), -1)
                cases.append(
                    {
                        "standardize": standardize or "none",
                        "split": split or "none",
                        "max_tokens": max_tokens,
                        "vocabulary": [str(word) for word in layer.get_vocabulary()],
                        "tokens": tokens.tolist(),
                    }
                )
    sequences = [[], [1], [2, 3, 4, 5], [6, 7, 8, 9, 10, 11, 12]]
    padded = [
        {
            "padding": padding,
            "truncating": truncating,
            "value": value,
            "padded": keras.utils.pad_sequences(
                sequences, maxlen=4, padding=padding, truncating=truncating, value=value
            ).tolist(),
        }
        for padding in ["pre", "post"]
        for truncating in ["pre", "post"]
        for value in [0, 9]
    ]
    golden = {
        "keras": keras.__version__,
        "learned": LEARNED,
        "encoded": ENCODED,
        "cases": cases,
        "sequences": sequences,
        "padded": padded,
    }
    path = pathlib.Path(__file__).parent / "text.json"
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
