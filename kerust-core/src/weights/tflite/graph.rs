//! A TensorFlow Lite model as a graph.

use super::bytes::{Table, Tables};
use super::check::Site;
use super::names;
use super::options;
use super::tensor::Budget;
use super::{Operation, Tensor, TfliteError};

/// The tensors and operators of a `.tflite` file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Graph<'a> {
    /// All tensors, by their indices in the file.
    pub tensors: Vec<Tensor<'a>>,
    /// The operators, in the order of execution.
    pub operations: Vec<Operation>,
    /// The input tensors.
    pub inputs: Vec<usize>,
    /// The output tensors.
    pub outputs: Vec<usize>,
}

impl<'a> Graph<'a> {
    /// Reads the bytes of a `.tflite` file.
    ///
    /// # Errors
    /// Returns a [`TfliteError`] if the bytes are not a `.tflite` file, are damaged, or contain something
    /// that is not supported.
    pub fn read(bytes: &'a [u8]) -> Result<Self, TfliteError> {
        if bytes.get(4..8) != Some(b"TFL3") {
            return Err(TfliteError::NotTflite {
                found: kind_of(bytes),
            });
        }
        let model = Table::root(bytes)?;
        let version = model.u32(0)?;
        if version != 3 {
            return Err(TfliteError::Model {
                fault: format!("found version {version} of the schema, expected 3"),
            });
        }
        let subgraphs = model.tables(2)?;
        let (1, Some(subgraph)) = (subgraphs.len(), subgraphs.get(0)?) else {
            return Err(TfliteError::Model {
                fault: format!(
                    "found {} subgraphs, expected 1: kerust has no loops and branches; convert the model \
                     without control flow, with unrolled recurrent layers",
                    subgraphs.len()
                ),
            });
        };
        // No valid file refers to its vectors more often than this.
        let mut budget = Budget(bytes.len());
        let buffers = model.tables(4)?;
        let all = subgraph.tables(0)?;
        let mut tensors = Vec::new();
        for (index, table) in all.iter().enumerate() {
            tensors.push(Tensor::read(index, table?, buffers, &mut budget)?);
        }
        let mut graph = Self {
            tensors,
            operations: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        for (field, ends) in [(1, "input"), (2, "output")] {
            let numbers = subgraph.i32s(field)?;
            budget.spend(numbers.len())?;
            let numbers: Vec<_> = numbers
                .map(|n| graph.end(n, ends))
                .collect::<Result<_, _>>()?;
            if numbers.is_empty() {
                return Err(TfliteError::Model {
                    fault: format!("found no {ends}, expected at least one"),
                });
            }
            match field {
                1 => graph.inputs = numbers,
                _ => graph.outputs = numbers,
            }
        }
        graph.operators(model.tables(1)?, subgraph.tables(3)?, &mut budget)?;
        Ok(graph)
    }

    /// Checks that `number` is a valid input or output of the model.
    fn end(&self, number: i32, end: &str) -> Result<usize, TfliteError> {
        let index = usize::try_from(number).ok();
        let found = index.and_then(|index| Some((index, self.tensors.get(index)?)));
        let Some((index, tensor)) = found else {
            return Err(TfliteError::Model {
                fault: format!(
                    "found tensor {number} as {end}, expected one of the {}",
                    self.tensors.len()
                ),
            });
        };
        let fault = if tensor.shape.first() != Some(&1) {
            format!(
                "found an {end} of shape {:?}, expected a batch of 1; convert the model with a batch of 1",
                tensor.shape
            )
        } else if let Some(axis) = tensor.changing {
            format!(
                "found an {end} whose size along axis {axis} changes while it runs, expected fixed sizes; convert \
                 the model with a fixed input shape"
            )
        } else {
            return Ok(index);
        };
        Err(TfliteError::Tensor {
            index,
            name: tensor.name.to_string(),
            fault,
        })
    }

    /// Reads the operators. Each can read only tensors that exist before it.
    fn operators(
        &mut self,
        codes: Tables<'a>,
        operators: Tables<'a>,
        budget: &mut Budget,
    ) -> Result<(), TfliteError> {
        let mut known: Vec<bool> = self.tensors.iter().map(|t| t.data.is_some()).collect();
        // Sizes that a converter computes from a variable batch size. Shapes are known without them.
        let mut sizes = vec![false; self.tensors.len()];
        for input in &self.inputs {
            known[*input] = true;
        }
        for (index, table) in operators.iter().enumerate() {
            let table = table?;
            let site = self.site(index, table, codes, budget)?;
            for input in site.inputs.iter().flatten() {
                if !known[*input] {
                    return Err(site.fault(format!(
                        "it reads tensor {input} (`{}`), which nothing has computed before; convert the \
                         model again",
                        self.tensors[*input].name
                    )));
                }
            }
            let output = match *site.outputs {
                [output] if !known[output] => output,
                [output] => {
                    return Err(site.fault(format!(
                        "it writes tensor {output} (`{}`), which has its values already; convert the model \
                         again",
                        self.tensors[output].name
                    )));
                }
                _ => {
                    return Err(
                        site.fault(format!("found {} outputs, expected 1", site.outputs.len()))
                    );
                }
            };
            known[output] = true;
            if site.computes_sizes() {
                sizes[output] = true;
                continue;
            }
            let (name, kind) = options::kind(&site, table)?;
            let inputs: Vec<_> = site.activations(&kind);
            if let Some(input) = inputs.iter().find(|input| sizes[**input]) {
                return Err(site.fault(format!(
                    "it reads tensor {input} (`{}`), which holds sizes, expected values of the network",
                    self.tensors[*input].name
                )));
            }
            self.operations.push(Operation {
                index,
                name,
                kind,
                inputs,
                output,
            });
        }
        match self
            .outputs
            .iter()
            .find(|output| !known[**output] || sizes[**output])
        {
            Some(output) => Err(TfliteError::Tensor {
                index: *output,
                name: self.tensors[*output].name.to_string(),
                fault: "found an output that nothing computes; convert the model again".to_string(),
            }),
            None => Ok(()),
        }
    }

    /// The code, inputs and outputs of an operator.
    fn site(
        &self,
        index: usize,
        table: Table<'a>,
        codes: Tables<'a>,
        budget: &mut Budget,
    ) -> Result<Site<'_, 'a>, TfliteError> {
        let number = table.u32(0)?;
        let code = usize::try_from(number).ok().map(|number| codes.get(number));
        let Some(code) = code.transpose()?.flatten() else {
            return Err(TfliteError::Operator {
                index,
                name: "?".to_string(),
                fault: format!(
                    "found the code {number}, expected one of the file's {}",
                    codes.len()
                ),
            });
        };
        // Codes below 127 are in an old field, or in both.
        let builtin = code.i32(3, 0)?.max(code.i8(0, 0)?.into());
        let mut site = Site {
            index,
            code: builtin,
            name: match builtin {
                32 => format!("CUSTOM {}", code.text(1)?),
                _ => names::operator(builtin),
            },
            version: code.i32(2, 1)?,
            inputs: Vec::new(),
            outputs: Vec::new(),
            tensors: &self.tensors,
        };
        for field in [1, 2] {
            let numbers = table.i32s(field)?;
            budget.spend(1 + numbers.len())?;
            for number in numbers {
                let tensor = usize::try_from(number).ok();
                let tensor = tensor.filter(|tensor| *tensor < self.tensors.len());
                match tensor {
                    Some(tensor) if field == 2 => site.outputs.push(tensor),
                    Some(_) => site.inputs.push(tensor),
                    // An input that is left out.
                    None if field == 1 && number == -1 => site.inputs.push(None),
                    None => {
                        return Err(site.fault(format!(
                            "found tensor {number}, expected one of the {}",
                            self.tensors.len()
                        )));
                    }
                }
            }
        }
        Ok(site)
    }
}

/// The probable kind of bytes that are not a `.tflite` file.
fn kind_of(bytes: &[u8]) -> String {
    match bytes {
        [] => "an empty file".to_string(),
        [b'P', b'K', ..] => "a zip archive (a `.keras`?)".to_string(),
        [0x89, b'H', b'D', b'F', ..] => "an HDF5 file (a `.h5`?)".to_string(),
        [0x08, ..] => "what seems to be an ONNX file".to_string(),
        _ => {
            let first = &bytes[..bytes.len().min(8)];
            format!("the first bytes {first:02x?}")
        }
    }
}
