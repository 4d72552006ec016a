//! The analyzed model: a graph of nodes with their shapes, and the properties of each layer.

mod part;

use crate::value::{Size, Term};
use kerust_core::element::Dtype;
use kerust_core::shape::Shape;
use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

/// The graph. A chain is a graph with a single path.
pub struct Plan {
    pub inputs: Vec<Input>,
    /// In an order in which every node comes after its inputs.
    pub nodes: Vec<Node>,
    /// The layers as written, for the summary. A layer can consist of two nodes.
    pub layers: Vec<Layer>,
    /// The shapes that rustc computes.
    pub constants: Vec<Constant>,
    pub heads: Vec<Head>,
    /// Whether a layer is `stateful`.
    pub stateful: bool,
    /// In the plan of a step that carries states on: the inputs that are states before the step, and the values
    /// after it.
    pub states: Vec<(usize, Edge)>,
    /// Whether it is the 8-bit twin of a model, which only infers, and whose outputs are activated.
    pub is_twin: bool,
}

/// One of the model's inputs.
pub struct Input {
    pub name: Ident,
    pub data: ValueType,
}

/// The source of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Edge {
    /// The input of the model with this index.
    Input(usize),
    /// The output of the node with this index.
    Node(usize),
}

/// A value: the result of a computation, one of its further outputs, or a view of another value.
#[derive(Clone)]
pub struct Node {
    /// The name of the buffer in the expansion, and of the field if `of` is `None`.
    pub name: Ident,
    /// The node whose field and configuration are used again here.
    pub of: Option<Ident>,
    /// Whether it carries states on in a step, so that its configuration is another one there.
    pub steps: bool,
    /// The index of its layer.
    pub layer: usize,
    pub inputs: Vec<Edge>,
    /// The numbers of inputs that are one argument of the call: a single input as itself, several as an
    /// array, and none as `()`.
    pub groups: Vec<usize>,
    pub output: ValueType,
    pub role: Role,
    /// The type of the configuration, and its value.
    pub operation: (TokenStream, TokenStream),
    /// Its role in the fusion of a product with the layers after it.
    pub fusion: Fusion,
    /// The activation, if the node is nothing else.
    pub is_activation: Option<Activation>,
    /// The activation with settings that it is, behind another node of its layer or alone.
    pub function: Option<&'static str>,
    /// The activation that its configuration has taken.
    pub fused: Option<Activation>,
    /// Whether its configuration takes the activation that follows.
    pub takes_activation: bool,
    /// Whether inference can overwrite its input with `forward_in_place`.
    pub in_place: bool,
    /// The number of scratch values for each sample that overwriting needs.
    pub in_place_scratch: Option<usize>,
    /// Whether the backward pass needs only the output, so that training can overwrite its input, and the
    /// gradient of its output.
    pub from_output: bool,
    /// Whether the backward pass does not need the output.
    pub forgets_output: bool,
    /// Whether a training step adds a penalty on its input to the loss.
    pub penalizes: bool,
    pub weights: Option<TokenStream>,
    /// The number of values that a training step saves for each sample.
    pub saved: Option<TokenStream>,
    /// The number of scratch values for each sample in inference.
    pub scratch: Option<TokenStream>,
    /// The scratch of its 8-bit kernel.
    pub int8_scratch: Option<Int8Scratch>,
}

/// The scratch of an 8-bit kernel, in words of 32 bits for each sample.
#[derive(Clone)]
pub struct Int8Scratch {
    pub len: TokenStream,
    /// The number that is needed to overwrite the input, if the kernel can.
    pub in_place: Option<usize>,
}

/// An activation: its name and its position.
pub type Activation = (&'static str, Span);

/// When a node computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Always.
    Compute,
    /// Always, by the operation of a `Component`, which gets scratch and always computes the gradients of its
    /// inputs.
    Custom,
    /// Always: it merges several values.
    Merge,
    /// Never: it is a further output of the node with this index, which comes before it.
    Part(usize),
    /// Only in training. In inference its output is its input.
    TrainingOnly,
    /// Never: its output is its input with another shape.
    Alias,
}

/// The role of a node in the fusion of a product with the layers after it, while its sums are in registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fusion {
    None,
    /// A product, which can be followed by a tail in inference if it has no activation.
    Product,
    /// A factor and a shift for each channel, which can begin a tail. Its line is as long as the values that
    /// training saves.
    Line,
    /// A sum, which can end a tail and overwrites its other input.
    Sum,
}

/// The description of a layer for the summary.
pub struct Layer {
    /// The layer as written, for an error if it exceeds a budget.
    pub tokens: TokenStream,
    pub name: Ident,
    pub kind: String,
    pub declared: String,
    pub input: ValueType,
    pub output: ValueType,
    pub params: Option<usize>,
    pub weights: Option<TokenStream>,
    /// Multiply-adds of one use.
    pub macs: TokenStream,
    /// The number of its uses.
    pub uses: usize,
    pub training_only: bool,
    /// Whether its weights contain state, which has no gradient.
    pub state: bool,
    /// Whether its weights are frozen.
    pub frozen: bool,
    /// The training settings of its arrays of weights: their names, and terms.
    pub settings: Vec<(String, TokenStream)>,
    /// Its inputs, without masks.
    pub sources: Vec<Edge>,
    /// The mask that it reads.
    pub mask: Option<Edge>,
    /// The last node of the layer.
    pub node: usize,
}

/// A shape that rustc computes.
pub struct Constant {
    pub name: Ident,
    pub value: TokenStream,
    /// Whether it can fail, so that it must be evaluated at compile time.
    pub judged: bool,
}

/// One of the model's outputs.
pub struct Head {
    pub name: Ident,
    pub from: Edge,
    pub activation: Ident,
    pub data: ValueType,
    /// Its mask, which the loss reads.
    pub mask: Option<Edge>,
}

/// The shape of a value, as far as it is known here, and its element type.
#[derive(Clone)]
pub struct ValueType {
    pub form: Form,
    /// The element type, if `form` does not determine it.
    pub dtype: Dtype,
    /// The constant with the shape, if not all sizes are known.
    pub constant: Option<TokenStream>,
}

/// How much is known about a shape.
#[derive(Clone)]
pub enum Form {
    /// Its sizes, each known or an expression.
    Sizes(Vec<Size>),
    /// The type: the output of a custom layer.
    Typed(TokenStream),
    /// Nothing, after an error: it fits everywhere.
    Unknown,
    /// The rank and some sizes, after an error.
    Part(Vec<Option<usize>>),
}

impl ValueType {
    /// A shape that is known.
    pub fn known(shape: Shape) -> Self {
        let sizes = shape.dims().iter().map(|size| Size::known(*size));
        Self::float(Form::Sizes(sizes.collect()))
    }

    /// A value of `f32`.
    pub fn float(form: Form) -> Self {
        Self {
            form,
            dtype: Dtype::F32,
            constant: None,
        }
    }

    /// The same shape of another element type.
    pub fn of(self, dtype: Dtype) -> Self {
        Self { dtype, ..self }
    }

    /// The output after an error.
    pub fn unknown() -> Self {
        Self::float(Form::Unknown)
    }

    /// Whether it is completely or partly unknown because of an error.
    pub fn is_unknown(&self) -> bool {
        matches!(self.form, Form::Unknown | Form::Part(_))
    }

    /// The shape as an expression.
    pub fn shape(&self) -> TokenStream {
        match (&self.form, &self.constant) {
            (Form::Sizes(sizes), _) if self.known_shape().is_some() => {
                quote!(::kerust::__private::shape::Shape::new(&[#(#sizes),*]))
            }
            (_, Some(constant)) => constant.clone(),
            (Form::Sizes(sizes), None) => {
                quote!(::kerust::__private::shape::Shape::new(&[#(#sizes),*]))
            }
            (Form::Typed(path), None) => {
                quote!(<#path as ::kerust::__private::tensor::Nth<0>>::SHAPE)
            }
            (Form::Unknown | Form::Part(_), None) => {
                quote!(::kerust::__private::shape::Shape::new(&[1]))
            }
        }
    }

    /// The type of an input or output of a model or layer: a shape for `f32`, or a tensor.
    pub fn path(&self) -> TokenStream {
        match (&self.form, self.dtype) {
            (Form::Typed(path), _) => path.clone(),
            (_, Dtype::F32) => self.rank_type(),
            _ => self.tensor(),
        }
    }

    /// One sample, as a type.
    pub fn tensor(&self) -> TokenStream {
        let rank = self.rank_type();
        match self.dtype {
            _ if matches!(self.form, Form::Typed(_)) => {
                quote!(<#rank as ::kerust::__private::data::Data>::Value)
            }
            Dtype::F32 => quote!(::kerust::__private::tensor::Tensor<#rank>),
            dtype => {
                let element = element(dtype);
                quote!(::kerust::__private::tensor::Tensor<#rank, #element>)
            }
        }
    }

    /// The shape as a type.
    fn rank_type(&self) -> TokenStream {
        match &self.form {
            Form::Sizes(sizes) => {
                let rank = format_ident!("Rank{}", sizes.len());
                let sizes = sizes.iter().map(Size::argument);
                quote!(::kerust::__private::tensor::#rank<#(#sizes),*>)
            }
            Form::Typed(path) => path.clone(),
            Form::Unknown | Form::Part(_) => quote!(::kerust::__private::tensor::Rank1<1>),
        }
    }

    /// The type of the values in a batch, after `&` or `&mut`.
    pub fn slice(&self) -> TokenStream {
        let element = element(self.dtype);
        quote!([#element])
    }

    /// The element type, if it is known here.
    pub fn known_dtype(&self) -> Option<Dtype> {
        match &self.form {
            Form::Typed(_) => None,
            _ => Some(self.dtype),
        }
    }

    /// Whether it can have a gradient: its values are `f32`, or of a type that only rustc knows.
    pub fn is_float(&self) -> bool {
        matches!(self.known_dtype(), None | Some(Dtype::F32))
    }

    /// The number of values as an expression.
    pub fn len(&self) -> TokenStream {
        match self.known_shape() {
            Some(shape) => Size::known(shape.len()).tokens(),
            None => {
                let shape = self.shape();
                quote!(#shape.len())
            }
        }
    }

    /// The number of values in its gradient as an expression.
    pub fn gradient_len(&self) -> TokenStream {
        match &self.form {
            Form::Typed(path) => quote!(::kerust::__private::gradient::len_of::<#path>()),
            _ => self.len(),
        }
    }

    /// The size along `axis`. `nameable` says whether a computed size can be used in a type.
    pub fn dim(&self, axis: usize, nameable: bool) -> Size {
        match &self.form {
            Form::Sizes(sizes) if axis < sizes.len() => sizes[axis].clone(),
            Form::Part(sizes) => match sizes.get(axis) {
                Some(Some(size)) => Size::known(*size),
                _ => Size::expression(quote!(1), true),
            },
            Form::Unknown => Size::expression(quote!(1), true),
            _ => {
                let (shape, axis) = (self.shape(), Literal::usize_unsuffixed(axis));
                Size::expression(quote!(#shape.extent(#axis)), nameable)
            }
        }
    }

    /// The size of the last axis, as used in a type.
    pub fn last_size(&self, nameable: bool) -> Size {
        match &self.form {
            Form::Sizes(sizes) if !sizes.is_empty() => sizes[sizes.len() - 1].clone(),
            _ => Size::expression(self.last(), nameable),
        }
    }

    /// The size of the last axis as an expression.
    pub fn last(&self) -> TokenStream {
        match &self.form {
            Form::Sizes(sizes) => sizes.last().map_or(quote!(1), Term::tokens),
            Form::Unknown | Form::Part(_) => quote!(1),
            Form::Typed(_) => {
                let shape = self.shape();
                quote!(#shape.last())
            }
        }
    }

    /// The shape, if every size is known.
    pub fn known_shape(&self) -> Option<Shape> {
        let Form::Sizes(sizes) = &self.form else {
            return None;
        };
        let sizes: Option<Vec<usize>> = sizes.iter().map(|size| size.known).collect();
        Some(Shape::new(&sizes?))
    }
}

impl Term for ValueType {
    type Known = Shape;

    fn known(&self) -> Option<Shape> {
        self.known_shape()
    }

    fn tokens(&self) -> TokenStream {
        self.shape()
    }
}

impl std::fmt::Display for ValueType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.form {
            Form::Sizes(sizes) => {
                let sizes: Vec<String> = sizes
                    .iter()
                    .map(|size| match size.known {
                        Some(size) => size.to_string(),
                        None => match syn::parse2::<Ident>(size.tokens()) {
                            Ok(name) => name.to_string(),
                            Err(_) => "..".to_owned(),
                        },
                    })
                    .collect();
                write!(f, "({})", sizes.join(", "))
            }
            Form::Part(sizes) => {
                let sizes: Vec<String> = sizes
                    .iter()
                    .map(|size| size.map_or("..".to_owned(), |size| size.to_string()))
                    .collect();
                write!(f, "({})", sizes.join(", "))
            }
            Form::Typed(_) | Form::Unknown => f.write_str("(..)"),
        }
    }
}

impl Plan {
    /// How often nodes and heads read a value.
    pub fn reads(&self, value: Edge) -> usize {
        let inputs = self.nodes.iter().flat_map(|node| &node.inputs);
        let heads = self.heads.iter().map(|head| &head.from);
        inputs.chain(heads).filter(|edge| **edge == value).count()
    }

    /// Whether it can be a layer of another model: it needs one input, one output, and a node between them.
    pub fn is_layer(&self) -> bool {
        self.trains()
            && self.inputs.len() == 1
            && self.heads.len() == 1
            && self.nodes.iter().any(|node| node.role != Role::Alias)
    }

    /// Whether another model can request the gradient of its input.
    pub fn hands_on(&self) -> bool {
        self.is_layer() && self.inputs[0].data.is_float()
    }

    /// Whether it can be trained: its inputs are `f32` or tokens. A model of integers can only infer.
    pub fn trains(&self) -> bool {
        let mut inputs = self.inputs.iter();
        !self.is_twin && inputs.all(|input| matches!(input.data.dtype, Dtype::F32 | Dtype::U16))
    }

    /// The element type of a value, if it is known here.
    pub fn dtype(&self, value: Edge) -> Option<Dtype> {
        match value {
            Edge::Input(input) => self.inputs[input].data.known_dtype(),
            Edge::Node(node) => self.nodes[node].output.known_dtype(),
        }
    }

    /// The further outputs of a node, in order: the nodes after it that are its parts.
    pub fn parts(&self, number: usize) -> std::ops::Range<usize> {
        let behind = self.nodes[number + 1..].iter();
        let parts = behind.take_while(|node| node.role == Role::Part(number));
        number + 1..number + 1 + parts.count()
    }
}

impl Node {
    /// Creates a node of a layer without weights.
    pub fn new(
        name: Ident,
        layer: usize,
        inputs: Vec<Edge>,
        output: ValueType,
        role: Role,
    ) -> Self {
        let groups = match role {
            Role::Merge => vec![inputs.len()],
            _ => vec![1; inputs.len()],
        };
        Self {
            name,
            of: None,
            steps: false,
            layer,
            inputs,
            groups,
            output,
            role,
            operation: (TokenStream::new(), TokenStream::new()),
            fusion: Fusion::None,
            is_activation: None,
            function: None,
            fused: None,
            takes_activation: false,
            in_place: false,
            in_place_scratch: None,
            from_output: false,
            forgets_output: false,
            penalizes: false,
            weights: None,
            saved: None,
            scratch: None,
            int8_scratch: None,
        }
    }

    /// The constant with the configuration.
    pub fn constant(&self) -> Ident {
        constant(self.field(), if self.steps { "_STEP" } else { "" })
    }

    /// The field with the weights.
    pub fn field(&self) -> &Ident {
        self.of.as_ref().unwrap_or(&self.name)
    }

    /// Whether the expansion calls it with a configuration of its own.
    pub fn is_configured(&self) -> bool {
        !matches!(self.role, Role::Alias | Role::Part(_)) && self.of.is_none()
    }

    /// The inputs that its output can overwrite. `in_place` says whether it can overwrite its only input.
    pub fn overwritable(&self, in_place: bool) -> &[Edge] {
        let candidates = match self.inputs.len() {
            _ if in_place => 1,
            // The order of a sum is that of its inputs, so that only two inputs can be swapped.
            2 if self.is_sum() => 2,
            _ if self.is_sum() => 1,
            _ => 0,
        };
        &self.inputs[..candidates]
    }

    /// Whether it is a sum, which can be computed in place.
    pub fn is_sum(&self) -> bool {
        self.fusion == Fusion::Sum
    }
}

/// `u16`
pub fn element(dtype: Dtype) -> Ident {
    let name = match dtype {
        Dtype::F32 => "f32",
        Dtype::I8 => "i8",
        Dtype::U8 => "u8",
        Dtype::I16 => "i16",
        Dtype::U16 => "u16",
        Dtype::I32 => "i32",
    };
    Ident::new(name, Span::call_site())
}

/// `DENSE_1` for `dense_1`, with the same span.
pub fn constant(name: &Ident, suffix: &str) -> Ident {
    use syn::ext::IdentExt;
    let upper = name.unraw().to_string().to_uppercase();
    Ident::new(
        &format!("{upper}{suffix}"),
        Span::call_site().located_at(name.span()),
    )
}
