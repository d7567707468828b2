//! The fields of an info area, from the first type/length byte to the last byte before the
//! checksum.

use super::field::Encoding;
use super::{Area, Field, FieldError, FruFault, Language};
use crate::codec::Reader;

/// The fields of an area: those that the definition prescribes, then the maker's own.
///
/// There may be fewer than prescribed: some makers end them early.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FieldList {
    fields: Vec<Field>,
    /// What is between the end mark and the checksum, unless it is filling.
    trailing: Vec<u8>,
}

impl FieldList {
    /// `count` empty fields.
    #[must_use]
    pub fn empty(count: usize) -> Self {
        Self { fields: vec![Field::EMPTY; count], trailing: Vec::new() }
    }

    /// Field `index`, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Field> {
        self.fields.get(index)
    }

    /// All fields.
    pub fn iter(&self) -> core::slice::Iter<'_, Field> {
        self.fields.iter()
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Puts `field` at `index`, after empty fields if there are not that many yet.
    pub fn set(&mut self, index: usize, field: Field) {
        match self.fields.get_mut(index) {
            Some(place) => *place = field,
            None => {
                self.fields.resize(index, Field::EMPTY);
                self.fields.push(field);
            }
        }
    }

    /// Adds a field after the last.
    pub fn push(&mut self, field: Field) {
        self.fields.push(field);
    }

    /// Takes field `index` out; those after it move up.
    pub fn remove(&mut self, index: usize) -> Option<Field> {
        (index < self.fields.len()).then(|| self.fields.remove(index))
    }

    /// What comes after the end mark and is no filling: nobody knows what for, so it is kept.
    #[must_use]
    pub fn trailing(&self) -> &[u8] {
        &self.trailing
    }

    /// Gives field `index` the contents `text`, in its present encoding if possible.
    pub(super) fn set_text(
        &mut self,
        index: usize,
        text: &str,
        language: Language,
    ) -> Result<(), FieldError> {
        let field = match self.get(index) {
            Some(present) => present.replaced(text, language)?,
            None => Field::new(text, language)?,
        };
        self.set(index, field);
        Ok(())
    }

    /// Reads all fields.
    pub(super) fn decode(r: &mut Reader<'_>, area: Area, faults: &mut Vec<FruFault>) -> Self {
        let mut fields: Vec<Field> = Vec::new();
        let mut ended = false;
        while let Some(code) = r.optional_u8() {
            if code == Field::END {
                ended = true;
                break;
            }
            let announced = usize::from(code & 0x3f);
            let data = r.bytes("field", announced.min(r.remaining())).unwrap_or_default();
            let missing = announced.saturating_sub(data.len());
            if missing > 0 {
                faults.push(FruFault::FieldCut { area, index: fields.len(), missing });
            }
            fields.push(Field::from_parts(Encoding::of(code), data.to_vec()));
        }
        let prescribed = area.field_names().len();
        if !ended {
            faults.push(FruFault::MissingEndMark(area));
            // Without an end mark, filling looks like fields with nothing in them.
            while fields.len() > prescribed
                && fields.last().is_some_and(|field| field.code() == FILLING)
            {
                fields.pop();
            }
        } else if fields.len() < prescribed {
            faults.push(FruFault::EarlyEnd { area, fields: fields.len() });
        }
        // Zeros fill up; some makers fill up with FFh and leave nothing else.
        let mut trailing = r.take_rest();
        while let Some((0, before)) = trailing.split_last() {
            trailing = before;
        }
        if trailing.iter().all(|byte| *byte == 0xff) {
            trailing = &[];
        }
        if !trailing.is_empty() {
            faults.push(FruFault::TrailingBytes { area, count: trailing.len() });
        }
        let trailing = trailing.to_vec();
        Self { fields, trailing }
    }

    /// Appends the fields, the end mark and what comes after it.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for field in &self.fields {
            out.push(field.code());
            out.extend(field.as_bytes());
        }
        out.push(Field::END);
        out.extend(&self.trailing);
    }
}

impl<'a> IntoIterator for &'a FieldList {
    type Item = &'a Field;
    type IntoIter = core::slice::Iter<'a, Field>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

const FILLING: u8 = 0x00;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (FieldList, Vec<FruFault>) {
        let mut faults = Vec::new();
        let list = FieldList::decode(&mut Reader::new(bytes), Area::Chassis, &mut faults);
        let mut again = Vec::new();
        list.encode(&mut again);
        let mut ignored = Vec::new();
        let second = FieldList::decode(&mut Reader::new(&again), Area::Chassis, &mut ignored);
        assert_eq!(second, list, "{again:02x?}");
        (list, faults)
    }

    #[test]
    fn fields_end_with_the_mark() {
        let (list, faults) = read(b"\xc2ab\x00\xc3xyz\xc1\0\0\0");
        assert_eq!((list.len(), list.trailing().len(), faults), (3, 0, vec![]));
        assert_eq!(list.get(2).unwrap().as_bytes(), b"xyz");
    }

    #[test]
    fn an_early_end_is_noted() {
        let (list, faults) = read(&[0xc1, 0, 0]);
        assert!(list.is_empty());
        assert_eq!(faults, [FruFault::EarlyEnd { area: Area::Chassis, fields: 0 }]);
    }

    #[test]
    fn without_a_mark_filling_is_no_field() {
        let (list, faults) = read(b"\xc2ab\xc2cd\0\0\0");
        assert_eq!((list.len(), faults), (2, vec![FruFault::MissingEndMark(Area::Chassis)]));
    }

    #[test]
    fn a_field_that_runs_past_the_end_gives_what_there_is() {
        let (list, faults) = read(b"\xc2ab\xc9cd");
        assert_eq!(list.get(1).unwrap().as_bytes(), b"cd");
        let cut = FruFault::FieldCut { area: Area::Chassis, index: 1, missing: 7 };
        assert_eq!(faults, [cut, FruFault::MissingEndMark(Area::Chassis)]);
    }

    #[test]
    fn what_follows_the_mark_is_kept_unless_it_is_filling() {
        let (list, faults) = read(b"\xc2ab\xc2cd\xc1\x01\x02\0");
        assert_eq!(list.trailing(), [1, 2]);
        assert_eq!(faults, [FruFault::TrailingBytes { area: Area::Chassis, count: 2 }]);
        let (list, faults) = read(b"\xc2ab\xc2cd\xc1\0\0\xff");
        assert_eq!((list.trailing(), faults.len()), (&[0, 0, 0xff][..], 1));
        let (list, faults) = read(b"\xc2ab\xc2cd\xc1\xff\xff");
        assert_eq!((list.trailing().len(), faults.len()), (0, 0));
    }
}
