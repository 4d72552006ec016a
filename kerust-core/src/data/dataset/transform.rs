//! Methods that transform data sets.

use super::{Dataset, SampleIndex};
use crate::data::{Data, Value};
use std::sync::Arc;

impl<X: Data, Y: Data> Dataset<X, Y> {
    /// Keeps the samples for which `keep` returns true. Samples are not copied.
    pub fn filter(&self, mut keep: impl FnMut(&X::Value, &Y::Value) -> bool) -> Self {
        let mut places = Vec::new();
        self.each(|place, input, label| {
            if keep(input, label) {
                places.push(place);
            }
        });
        self.at(places.into())
    }

    /// Creates a data set from the results of `sample` for each input and label.
    ///
    /// The results are [`Tensor`](crate::tensor::Tensor)s, [`Class`](crate::data::Class)es,
    /// [`Binary`](crate::data::Binary) labels or tuples of them, and are returned on the stack. To divide all
    /// pixels by 255, the layer `Rescaling(1 / 255)` is a better choice: the trained model then takes images
    /// as they are.
    ///
    /// ```
    /// use kerust::data::{Class, Dataset};
    /// use kerust::tensor::{Rank1, Tensor};
    ///
    /// let data = Dataset::<Rank1<2>, Class<3>>::generate(3, |i| ([i as f32; 2].into(), Class::new(i)));
    /// let scaled = data.map(|x, y| (x.map(|value| value / 255.0), *y));
    /// assert_eq!(scaled.input(2).as_slice(), [2.0 / 255.0; 2]);
    /// ```
    pub fn map<V: Value, W: Value>(
        &self,
        mut sample: impl FnMut(&X::Value, &Y::Value) -> (V, W),
    ) -> Dataset<V::Kind, W::Kind> {
        let mut inputs = <V::Kind as Data>::Column::default();
        let mut labels = <W::Kind as Data>::Column::default();
        let mut names = NewNames::of(&self.class_names);
        self.each(|_, input, label| {
            let (new_input, new_label) = sample(input, label);
            names.see::<Y>(label, W::Kind::class_of(&new_label));
            V::Kind::push(&mut inputs, &new_input);
            W::Kind::push(&mut labels, &new_label);
        });
        Dataset::from_columns(inputs, labels, self.len(), names.names())
    }

    /// Transforms each input, and keeps the labels.
    pub fn map_inputs<V: Value>(
        &self,
        mut input: impl FnMut(&X::Value) -> V,
    ) -> Dataset<V::Kind, Y> {
        let mut inputs = <V::Kind as Data>::Column::default();
        let mut value = bytemuck::zeroed_box();
        for place in &*self.places {
            X::read_into(&self.inputs, place.input, &mut value);
            V::Kind::push(&mut inputs, &input(&value));
        }
        let places = self.places.iter().enumerate();
        let places = places.map(|(input, place)| SampleIndex {
            input,
            label: place.label,
        });
        Dataset {
            inputs: Arc::new(inputs),
            labels: Arc::clone(&self.labels),
            places: places.collect(),
            class_names: Arc::clone(&self.class_names),
        }
    }

    /// Transforms each label, and keeps the inputs, which are not copied.
    pub fn map_labels<W: Value>(
        &self,
        mut label: impl FnMut(Y::Value) -> W,
    ) -> Dataset<X, W::Kind> {
        self.filter_map_labels(|value| Some(label(value)))
    }

    /// Transforms each label, and keeps the inputs for which `label` returns a new label. Inputs are not
    /// copied.
    ///
    /// The names of the classes are kept if each new class comes from one old class.
    ///
    /// ```
    /// use kerust::data::{Class, Dataset};
    /// use kerust::tensor::{Rank1, Tensor};
    ///
    /// let ten = Dataset::<Rank1<1>, Class<10>>::generate(20, |i| ([0.0].into(), Class::new(i % 10)));
    /// let six = ten.filter_map_labels(|class| (class.index() < 6).then(|| Class::<6>::new(class.index())));
    /// assert_eq!(six.len(), 12);
    /// ```
    pub fn filter_map_labels<W: Value>(
        &self,
        mut label: impl FnMut(Y::Value) -> Option<W>,
    ) -> Dataset<X, W::Kind> {
        let mut labels = <W::Kind as Data>::Column::default();
        let mut places = Vec::new();
        let mut names = NewNames::of(&self.class_names);
        for place in &*self.places {
            let old = Y::read(&self.labels, place.label);
            let class = names.class::<Y>(&old);
            let Some(new) = label(*old) else { continue };
            names.pair(class, W::Kind::class_of(&new));
            W::Kind::push(&mut labels, &new);
            places.push(SampleIndex {
                input: place.input,
                label: places.len(),
            });
        }
        Dataset {
            inputs: Arc::clone(&self.inputs),
            labels: Arc::new(labels),
            places: places.into(),
            class_names: names.names().into(),
        }
    }

    /// Appends the samples of `other`. Samples are copied unless both are parts of the same data set.
    ///
    /// The names of the classes are those of this data set, or of the other if it has none.
    pub fn concat(&self, other: &Self) -> Self {
        let class_names = match self.class_names.is_empty() {
            true => Arc::clone(&other.class_names),
            false => Arc::clone(&self.class_names),
        };
        let both = || self.places.iter().chain(&*other.places);
        if Arc::ptr_eq(&self.inputs, &other.inputs) && Arc::ptr_eq(&self.labels, &other.labels) {
            let places = both().copied().collect();
            return Self {
                class_names,
                ..self.at(places)
            };
        }
        let (mut inputs, mut labels) = (X::Column::default(), Y::Column::default());
        for part in [self, other] {
            let of_inputs = &mut part.places.iter().map(|place| place.input);
            X::append(&mut inputs, &part.inputs, of_inputs);
            let of_labels = &mut part.places.iter().map(|place| place.label);
            Y::append(&mut labels, &part.labels, of_labels);
        }
        Self {
            inputs: Arc::new(inputs),
            labels: Arc::new(labels),
            places: (0..both().count()).map(SampleIndex::same).collect(),
            class_names,
        }
    }

    /// Calls `work` for each sample.
    fn each(&self, mut work: impl FnMut(SampleIndex, &X::Value, &Y::Value)) {
        let (mut input, mut label) = (bytemuck::zeroed_box(), bytemuck::zeroed_box());
        for place in &*self.places {
            X::read_into(&self.inputs, place.input, &mut input);
            Y::read_into(&self.labels, place.label, &mut label);
            work(*place, &input, &label);
        }
    }
}

/// The names of the classes after their numbers have changed.
struct NewNames<'a> {
    old: &'a [String],
    /// The old class of each new one.
    from: Vec<Option<usize>>,
    /// Whether each new class comes from only one old class.
    clear: bool,
}

impl<'a> NewNames<'a> {
    fn of(old: &'a [String]) -> Self {
        Self {
            old,
            from: Vec::new(),
            clear: !old.is_empty(),
        }
    }

    /// The class of an old label.
    fn class<Y: Data>(&self, label: &Y::Value) -> Option<usize> {
        match self.clear {
            true => Y::class_of(label),
            false => None,
        }
    }

    fn see<Y: Data>(&mut self, old: &Y::Value, new: Option<usize>) {
        self.pair(self.class::<Y>(old), new);
    }

    fn pair(&mut self, old: Option<usize>, new: Option<usize>) {
        let (true, Some(old), Some(new)) = (self.clear, old, new) else {
            self.clear = false;
            return;
        };
        if self.from.len() <= new {
            self.from.resize(new + 1, None);
        }
        let known = self.from[new].get_or_insert(old);
        self.clear = *known == old;
    }

    /// The new names, or none if they are ambiguous.
    fn names(self) -> Vec<String> {
        let name = |old: Option<usize>| self.old.get(old?).cloned();
        let names: Option<Vec<_>> = self.from.iter().map(|old| name(*old)).collect();
        names.filter(|_| self.clear).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{Binary, Class, Dataset, TensorColumn};
    use crate::tensor::{Rank1, Tensor};

    fn data(count: usize) -> Dataset<Rank1<2>, Class<5>> {
        let names = ["a", "b", "c", "d", "e"].map(String::from).to_vec();
        let values = (0..2 * count).map(|i| i as f32).collect();
        let labels = (0..count).map(|i| i as u32 % 5).collect();
        Dataset::from_columns(TensorColumn::Float(values), labels, count, names)
    }

    fn bytes(count: usize) -> Dataset<Rank1<2>, Class<5>> {
        let pixels = TensorColumn::Byte((0..2 * count).map(|i| i as u8).collect());
        Dataset::from_columns(pixels, vec![1; count], count, Vec::new())
    }

    fn firsts<Y: crate::data::Data>(data: &Dataset<Rank1<2>, Y>) -> Vec<f32> {
        data.iter().map(|(x, _)| x.as_slice()[0]).collect()
    }

    #[test]
    fn a_filter_keeps_pairs() {
        let odd = data(17).filter(|_, class| class.index() % 2 == 1);
        assert_eq!(firsts(&odd), [2.0, 6.0, 12.0, 16.0, 22.0, 26.0, 32.0]);
        assert_eq!(odd.class_names().len(), 5);
        assert!(data(3).filter(|_, _| false).is_empty());
    }

    #[test]
    fn labels_are_mapped_without_their_inputs() {
        let all = data(17);
        let two = all.filter_map_labels(|class: Class<5>| match class.index() {
            1 => Some(Class::<2>::new(1)),
            4 => Some(Class::new(0)),
            _ => None,
        });
        assert_eq!(firsts(&two), [2.0, 8.0, 12.0, 18.0, 22.0, 28.0, 32.0]);
        let labels: Vec<usize> = two.iter().map(|(_, label)| label.index()).collect();
        assert_eq!(labels, [1, 0, 1, 0, 1, 0, 1]);
        assert_eq!(two.class_names(), ["e", "b"]);
        assert!(std::sync::Arc::ptr_eq(&all.inputs, &two.inputs));
        // A class that comes from two old ones, or from none, has no name.
        let merged = all.map_labels(|class| Class::<2>::new(class.index() / 3));
        assert!(merged.class_names().is_empty());
        let gap = all.filter_map_labels(|class| (class.index() == 2).then(|| Class::<5>::new(2)));
        assert!(gap.class_names().is_empty());
        let odd = all.map_labels(|class| Binary::from(class.index() % 2 == 1));
        assert!(odd.label(3).is_positive());
    }

    #[test]
    fn samples_are_mapped() {
        let data = data(3).shuffle(crate::rng::Seed(1));
        let sums = data.map(|x, y| (Tensor::from([x.as_slice().iter().sum::<f32>()]), *y));
        assert_eq!(sums.class_names().len(), 3);
        for (number, (x, y)) in sums.iter().enumerate() {
            assert_eq!(
                x.as_slice()[0],
                data.input(number).as_slice().iter().sum::<f32>()
            );
            assert_eq!(y, data.label(number));
        }
        let inputs = data.map_inputs(|x| x.map(|value| -value));
        assert_eq!(inputs.input(1)[0], -data.input(1)[0]);
        assert_eq!(inputs.label(1), data.label(1));
    }

    #[test]
    fn parts_are_joined_again_without_copies() {
        let all = data(7);
        let (first, rest) = all.split(0.4);
        let joined = rest.concat(&first);
        assert_eq!(firsts(&joined), [6.0, 8.0, 10.0, 12.0, 0.0, 2.0, 4.0]);
        assert!(std::sync::Arc::ptr_eq(&all.inputs, &joined.inputs));
    }

    #[test]
    fn pixels_stay_pixels_when_joined_with_pixels_alone() {
        let both = bytes(3).concat(&bytes(1));
        assert!(matches!(&*both.inputs, TensorColumn::Byte(_)));
        assert_eq!(firsts(&both), [0.0, 2.0, 4.0, 0.0]);
        for joined in [bytes(3).concat(&data(1)), data(3).concat(&bytes(1))] {
            assert_eq!(firsts(&joined), [0.0, 2.0, 4.0, 0.0]);
            assert_eq!(joined.class_names().len(), 5);
        }
    }
}
