//! The claims about kerust as a whole, in one binary: equal to Keras, the same bits whenever, bad input refused.

mod golden;
mod keras_draws;
mod keras_layers;
mod keras_losses;
mod keras_training;
