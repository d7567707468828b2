//! The board info area, and the date that only it has.

use super::{Area, FieldError, FieldList, FruFault, Language};
use crate::codec::{DecodeError, Reader};

/// What describes the board that carries the FRU device. FRU Definition §11.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Board {
    /// The language of its texts.
    pub language: Language,
    /// When it was made.
    pub manufactured: ManufacturingDate,
    /// Its fields, see the constants.
    pub fields: FieldList,
}

/// Minutes since 1996 began; 0 is not known, 24 bits reach into 2027. FRU Definition §11.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ManufacturingDate(pub u32);

impl Board {
    /// Who made it.
    pub const MANUFACTURER: usize = 0;
    /// What it is called.
    pub const PRODUCT_NAME: usize = 1;
    /// Its serial number.
    pub const SERIAL_NUMBER: usize = 2;
    /// Its part number.
    pub const PART_NUMBER: usize = 3;
    /// The version of the file that the FRU information came from.
    pub const FRU_FILE_ID: usize = 4;

    /// A board with empty fields.
    #[must_use]
    pub fn new(manufactured: ManufacturingDate) -> Self {
        let fields = FieldList::empty(Area::Board.field_names().len());
        Self { language: Language::ENGLISH, manufactured, fields }
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
        let manufactured = ManufacturingDate(r.u24("manufacturing date")?);
        Ok(Self { language, manufactured, fields: FieldList::decode(r, Area::Board, faults) })
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let [a, b, c, _] = self.manufactured.0.to_le_bytes();
        out.extend([self.language.0, a, b, c]);
        self.fields.encode(out);
    }
}

impl ManufacturingDate {
    /// Not known.
    pub const UNSPECIFIED: Self = Self(0);
    /// The latest there is: FFFFFFh, which blank memories have too.
    pub const MAX: Self = Self(0x00ff_ffff);

    /// The minute that contains this second since 1970 began, if it can be said.
    #[must_use]
    pub fn from_unix(seconds: u64) -> Option<Self> {
        let minutes = seconds.checked_sub(EPOCH)?.checked_div(60)?;
        let date = u32::try_from(minutes).map(Self).ok()?;
        (date.0 <= Self::MAX.0 && date != Self::UNSPECIFIED).then_some(date)
    }

    /// Seconds since 1970 began, if it is known. The definition names no time zone; UTC is what
    /// the common tools take it for.
    #[must_use]
    pub fn unix(self) -> Option<u64> {
        (self != Self::UNSPECIFIED)
            .then(|| EPOCH.saturating_add(u64::from(self.0).saturating_mul(60)))
    }
}

/// 1996-01-01 00:00:00 UTC.
const EPOCH: u64 = 820_454_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_counts_minutes() {
        // 2022-03-18 07:10:48 UTC.
        let date = ManufacturingDate::from_unix(0x6234_3078).unwrap();
        assert_eq!(date.unix(), Some(0x6234_3078 - 48));
        assert_eq!(ManufacturingDate::UNSPECIFIED.unix(), None);
        assert_eq!(ManufacturingDate::from_unix(0), None);
        assert_eq!(ManufacturingDate::from_unix(EPOCH), None);
        assert_eq!(ManufacturingDate::from_unix(EPOCH + 60), Some(ManufacturingDate(1)));
        assert_eq!(ManufacturingDate::from_unix(u64::MAX), None);
        // 2027-11-24 20:15.
        assert_eq!(ManufacturingDate::MAX.unix(), Some(1_827_087_300));
    }
}
