//! The models of `generate_masks.py`.

use kerust::prelude::*;

model! { pub Lstm: Input(6, dtype = token) => Embedding(11, 4, mask_zero = true) => LSTM(5) }
model! {
    pub LstmSequences:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => GlobalAveragePooling1D
}
model! {
    pub GruBackwards:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => GRU(5, return_sequences = true, go_backwards = true)
        => SimpleRNN(3)
}
model! {
    pub GruBefore:
        Input(5, dtype = token) => Embedding(11, 3, mask_zero = true) => GRU(4, reset_after = false)
}
model! {
    pub SimpleRnnZeros:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => SimpleRNN(5, return_sequences = true, zero_output_for_mask = true)
        => LSTM(3)
}
model! {
    pub TwoLayers:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LSTM(5, return_sequences = true)
        => GRU(3)
}
model! {
    pub BothWays:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Bidirectional(LSTM(3, return_sequences = true))
        => Bidirectional(GRU(2), merge_mode = sum)
}
model! {
    pub Kept:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => LayerNormalization
        => Dense(5, tanh)
        => Dropout(0.0)
        => Rescaling(0.5)
        => LSTM(3)
}
model! {
    pub MeanOfSteps:
        Input(6, dtype = token) => Embedding(11, 4, mask_zero = true) => GlobalAveragePooling1D
}
model! {
    pub Masked: Input(6, 3) => Masking => GRU(4, return_sequences = true) => Dense(2) => LSTM(3)
}
model! {
    pub SelfAttention:
        Input(5, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Residual(MultiHeadAttention(2, 3))
        => GlobalAveragePooling1D
}
model! {
    pub CrossAttention {
        let query = Input(5, dtype = token);
        let value = Input(7, dtype = token);
        let query = query => Embedding(11, 4, mask_zero = true);
        let value = value => Embedding(11, 4, mask_zero = true);
        MultiHeadAttention(query, value, num_heads = 2, key_dim = 3) => LSTM(3)
    }
}
model! {
    pub MaskedQuery {
        let query = Input(5, dtype = token);
        let value = Input(7, 4);
        let query = query => Embedding(11, 4, mask_zero = true);
        MultiHeadAttention(query, value, num_heads = 1, key_dim = 3) => LSTM(3)
    }
}
model! {
    pub MaskedValue {
        let query = Input(5, 4);
        let value = Input(7, dtype = token);
        let value = value => Embedding(11, 4, mask_zero = true);
        MultiHeadAttention(query, value, num_heads = 1, key_dim = 3) => LSTM(3)
    }
}
macro_rules! merges {
    ($($name:ident $merge:ident;)+) => {$(
        model! {
            pub $name {
                let a = Input(5, dtype = token);
                let b = Input(5, dtype = token);
                let a = a => Embedding(11, 3, mask_zero = true);
                let b = b => Embedding(11, 3, mask_zero = true);
                $merge(a, b) => LSTM(3)
            }
        }
    )+};
}
merges! {
    Added Add;
    Subtracted Subtract;
    Averaged Average;
    Concatenated Concatenate;
    Multiplied Multiply;
    Largest Maximum;
    Smallest Minimum;
}
model! {
    pub AlongSteps {
        let a = Input(5, dtype = token);
        let b = Input(7, dtype = token);
        let a = a => Embedding(11, 3, mask_zero = true);
        let b = b => Embedding(11, 3, mask_zero = true);
        Concatenate(a, b, axis = 1) => LSTM(3)
    }
}
macro_rules! merges_of_three {
    ($($name:ident $merge:ident;)+) => {$(
        model! {
            pub $name {
                let a = Input(5, dtype = token);
                let b = Input(5, dtype = token);
                let c = Input(5, dtype = token);
                let a = a => Embedding(11, 3, mask_zero = true);
                let b = b => Embedding(11, 3, mask_zero = true);
                let c = c => Embedding(11, 3, mask_zero = true);
                $merge(a, b, c) => LSTM(3)
            }
        }
    )+};
}
merges_of_three! {
    AddedThree Add;
    MultipliedThree Multiply;
    LargestOfThree Maximum;
    SmallestOfThree Minimum;
}
model! {
    pub Blocks:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => Residual(LayerNormalization => Dense(4, relu))
        => Repeat(2, Residual(Dense(4, tanh)))
        => TimeDistributed(Dense(3))
        => LSTM(2)
}
model! {
    pub Normalized:
        Input(6, dtype = token)
        => Embedding(11, 4, mask_zero = true)
        => BatchNormalization(momentum = 0.0)
        => GRU(3, return_sequences = true)
}
model! {
    pub LstmStates {
        let x = Input(6, 3);
        let (x, h, c) = x => LSTM(4, return_sequences = true, return_state = true);
        let x = x => Flatten;
        Concatenate(x, h, c)
    }
}
model! {
    pub GruState {
        let x = Input(6, dtype = token);
        let (_, h) = x => Embedding(11, 3, mask_zero = true) => GRU(4, return_state = true);
        h => Dense(2)
    }
}
model! {
    pub EncoderDecoder {
        let from = Input(6, dtype = token);
        let to = Input(4, 3);
        let (_, h, c) = from => Embedding(11, 3, mask_zero = true) => LSTM(5, return_state = true);
        LSTM(5, return_sequences = true)(to, initial_state = (h, c)) => Dense(2)
    }
}
model! {
    pub GruEncoderDecoder {
        let from = Input(6, dtype = token);
        let to = Input(4, dtype = token);
        let from = from => Embedding(11, 3, mask_zero = true);
        let to = to => Embedding(11, 2, mask_zero = true);
        let (_, h) = from => GRU(5, return_state = true);
        GRU(5, return_sequences = true)(to, initial_state = h) => LSTM(2)
    }
}
model! {
    pub BothLstmStates {
        let x = Input(6, 3);
        let (x, fh, fc, bh, bc) =
            x => Bidirectional(LSTM(4, return_sequences = true, return_state = true));
        let x = x => Flatten;
        let ends = Concatenate(fh, fc, bh, bc);
        Concatenate(x, ends)
    }
}
model! {
    pub BothGruStates {
        let x = Input(6, dtype = token);
        let x = x => Embedding(11, 3, mask_zero = true);
        let (x, f, b) = x => Bidirectional(GRU(3, return_state = true), merge_mode = mul);
        Concatenate(x, f, b)
    }
}
model! {
    pub BothSimpleRnnStates {
        let x = Input(1, 1);
        let (x, f, b) = x => Bidirectional(SimpleRNN(1, return_state = true), merge_mode = ave);
        Concatenate(x, f, b)
    }
}
model! {
    pub BothEncoderDecoder {
        let from = Input(6, dtype = token);
        let to = Input(4, dtype = token);
        let from = from => Embedding(11, 3, mask_zero = true);
        let to = to => Embedding(11, 2, mask_zero = true);
        let (_, fh, fc, bh, bc) = from => Bidirectional(LSTM(5, return_state = true));
        let (x, fh, fc, bh, bc) = Bidirectional(
            LSTM(5, return_sequences = true, return_state = true),
            merge_mode = sum
        )(to, initial_state = (fh, fc, bh, bc));
        let x = x => LSTM(2);
        let ends = Concatenate(fh, fc, bh, bc);
        Concatenate(x, ends)
    }
}
model! {
    pub BothGruEncoderDecoder {
        let from = Input(6, 2);
        let to = Input(1, 3);
        let (_, f, b) = from => Bidirectional(GRU(3, return_state = true));
        Bidirectional(GRU(3, return_sequences = true))(to, initial_state = (f, b)) => Dense(2)
    }
}
macro_rules! attentions {
    ($($name:ident $layer:ident($($argument:tt)*);)+) => {$(
        model! {
            pub $name {
                let query = Input(5, dtype = token);
                let value = Input(7, dtype = token);
                let query = query => Embedding(11, 4, mask_zero = true);
                let value = value => Embedding(11, 4, mask_zero = true);
                $layer(query, value $($argument)*) => LSTM(3)
            }
        }
    )+};
}
attentions! {
    Attend Attention();
    AttendScaled Attention(, use_scale = true);
    AttendConcat Attention(, score_mode = concat);
    AttendScaledConcat Attention(, use_scale = true, score_mode = concat);
    AttendAdditive AdditiveAttention();
    AttendAdditivePlain AdditiveAttention(, use_scale = false);
}
model! {
    pub AttendMaskedQuery {
        let query = Input(5, dtype = token);
        let value = Input(7, 4);
        let query = query => Embedding(11, 4, mask_zero = true);
        Attention(query, value, use_scale = true) => LSTM(3)
    }
}
model! {
    pub AttendMaskedValue {
        let query = Input(5, 4);
        let value = Input(5, dtype = token);
        let value = value => Embedding(11, 4, mask_zero = true);
        AdditiveAttention(query, value, use_causal_mask = true) => LSTM(3)
    }
}
model! {
    pub AttendThree {
        let query = Input(1, 1);
        let value = Input(3, 1);
        let key = Input(3, 1);
        Attention(query, value, key, use_scale = true, score_mode = concat, use_causal_mask = true)
            => Flatten
    }
}
