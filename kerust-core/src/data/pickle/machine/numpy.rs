//! The instructions that build NumPy arrays. They are the only functions that a pickle may name.

use super::Machine;
use crate::data::pickle::{Array, DataType, Function, Object, Outcome, Value};

impl Machine<'_> {
    /// Keras's list of allowed functions, `_ALLOWED_PICKLE_GLOBALS` in `datasets/npz_utils.py`.
    pub(super) fn push_function(&mut self, module: &str, name: &str) -> Outcome<()> {
        let function = match (module, name) {
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => {
                Function::Reconstruct
            }
            ("numpy", "ndarray") => Function::NdArray,
            ("numpy", "dtype") => Function::DataType,
            _ => {
                return Err(format!(
                    "it names the function `{}`, expected only NumPy's functions for arrays",
                    format!("{module}.{name}").escape_debug()
                ));
            }
        };
        self.push_object(Object::Function(function))
    }

    fn tuple(&self, value: Value) -> &[Value] {
        match value {
            Value::Object(place) => match self.objects.get(place as usize) {
                Some(Object::Tuple(values)) => values,
                _ => &[],
            },
            _ => &[],
        }
    }

    fn function(&self, value: Value) -> Option<Function> {
        match value {
            Value::Object(place) => match self.objects.get(place as usize) {
                Some(Object::Function(function)) => Some(*function),
                _ => None,
            },
            _ => None,
        }
    }

    /// Creates an array without values, or an element type.
    pub(super) fn call(&mut self) -> Outcome<()> {
        let values = self.pop_last(2)?;
        let arguments = self.tuple(values[1]);
        let object = match (self.function(values[0]), arguments) {
            (Some(Function::Reconstruct), [class, _, _])
                if self.function(*class) == Some(Function::NdArray) =>
            {
                Object::Array(Box::default())
            }
            (Some(Function::DataType), [name, ..]) => {
                let data_type = match self.bytes_of(*name) {
                    Some(b"u1" | b"B") => DataType::UnsignedByte,
                    Some(b"O8" | b"O4" | b"O") => DataType::Object,
                    _ => DataType::Other,
                };
                Object::DataType(data_type)
            }
            _ => return Err("it calls a function in a way that builds no array".to_owned()),
        };
        self.push_object(object)
    }

    /// Fills an array, or sets the byte order of an element type. Bytes and objects have no byte order.
    pub(super) fn build(&mut self) -> Outcome<()> {
        let state = self.pop()?;
        let target = self.peek()?;
        match self.object_mut(target) {
            Some(Object::DataType(_)) => return Ok(()),
            Some(Object::Array(_)) => {}
            _ => return Err("it fills something other than an array".to_owned()),
        }
        let [.., shape, data_type, fortran_order, data] = *self.tuple(state) else {
            return Err("an array is filled with other than its shape and values".to_owned());
        };
        let size = |value: &Value| match value {
            Value::Int(size) => usize::try_from(*size).ok(),
            _ => None,
        };
        let sizes: Option<Vec<usize>> = self.tuple(shape).iter().map(size).collect();
        let data_type = match self.object_mut(data_type) {
            Some(Object::DataType(data_type)) => Some(*data_type),
            _ => None,
        };
        let (Some(_), Some(_)) = (&sizes, data_type) else {
            return Err("an array has no shape or no type of elements".to_owned());
        };
        let array = Array {
            shape: sizes,
            data_type,
            // Python 2 wrote a number.
            fortran_order: !matches!(fortran_order, Value::Bool(false) | Value::Int(0)),
            data: Some(data),
        };
        if let Some(object) = self.object_mut(target) {
            *object = Object::Array(Box::new(array));
        }
        Ok(())
    }
}
