//! The product info area.

use super::{Area, FieldError, FieldList, FruFault, Language};
use crate::codec::{DecodeError, Reader};

/// What describes the whole product. FRU Definition §12.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Product {
    /// The language of its texts.
    pub language: Language,
    /// Its fields, see the constants.
    pub fields: FieldList,
}

impl Product {
    /// Who made it.
    pub const MANUFACTURER: usize = 0;
    /// What it is called.
    pub const NAME: usize = 1;
    /// Its part or model number.
    pub const PART_NUMBER: usize = 2;
    /// Its version.
    pub const VERSION: usize = 3;
    /// Its serial number.
    pub const SERIAL_NUMBER: usize = 4;
    /// What its owner calls it.
    pub const ASSET_TAG: usize = 5;
    /// The version of the file that the FRU information came from.
    pub const FRU_FILE_ID: usize = 6;

    /// A product with empty fields.
    #[must_use]
    pub fn new() -> Self {
        let fields = FieldList::empty(Area::Product.field_names().len());
        Self { language: Language::ENGLISH, fields }
    }

    /// The same with `text` in field `index`.
    ///
    /// # Errors
    /// See [`FieldError`].
    pub fn with(mut self, index: usize, text: &str) -> Result<Self, FieldError> {
        self.fields.set_text(index, text, self.language)?;
        Ok(self)
    }

    /// Field `index` as text.
    #[must_use]
    pub fn text(&self, index: usize) -> Option<String> {
        self.fields.get(index).map(|field| field.text(self.language))
    }

    pub(super) fn decode(
        r: &mut Reader<'_>,
        faults: &mut Vec<FruFault>,
    ) -> Result<Self, DecodeError> {
        let language = Language(r.u8("language code")?);
        Ok(Self { language, fields: FieldList::decode(r, Area::Product, faults) })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.language.0);
        self.fields.encode(out);
    }
}

impl Default for Product {
    fn default() -> Self {
        Self::new()
    }
}
