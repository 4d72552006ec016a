//! tract with the files of `make_models.py`. Arguments: `infer`, a task, a folder, a count.

#[path = "../../timing.rs"]
mod timing;

use std::hint::black_box;
use timing::{asked, calls, report};
use tract_onnx::prelude::*;

fn main() -> TractResult<()> {
    let asked = asked();
    let shape = if asked.work == "resnet8" { [1, 3, 32, 32] } else { [1, 1, 28, 28] };
    let model = tract_onnx::onnx()
        .model_for_path(format!("{}/{}.onnx", asked.folder, asked.work))?
        .with_input_fact(0, f32::fact(shape).into())?
        .into_optimized()?
        .into_runnable()?;
    let len = shape.iter().product();
    let values = asked.data().0[..len].to_vec();
    let x: Tensor = tract_ndarray::Array4::from_shape_vec(shape, values)?.into();
    let run = || -> TractResult<Vec<f32>> {
        let y = model.run(tvec!(x.clone().into()))?;
        Ok(y[0].to_plain_array_view::<f32>()?.iter().copied().collect())
    };
    run()?;
    report(&calls(asked.counts[0], 1, || {
        black_box(run().expect("an answer"));
    }));
    Ok(())
}
