//! FRU information: what a field-replaceable unit says about itself, in the memory that it carries.
//!
//! Real memories are full of small mistakes, so reading gives all that can be read and names the
//! rest as [`FruFault`]s. Writing changes nothing but what was changed: see [`Fru::encode`].
//!
//! Source: Platform Management FRU Information Storage Definition v1.0, revision 1.3, called "FRU
//! Definition" here; IPMI v2.0 §34 for the commands that read and write it.

mod area;
mod board;
mod chassis;
mod decode;
mod encode;
mod error;
mod field;
mod field_list;
mod multirecord;
mod product;

pub use area::Area;
pub use board::{Board, ManufacturingDate};
pub use chassis::{Chassis, ChassisType};
pub use error::{FruError, FruFault};
pub use field::{Encoding, Field, FieldError, Language};
pub use field_list::FieldList;
pub use multirecord::{
    Compatibility, DcLoad, DcOutput, ManagementAccess, ManagementAccessKind, MultiRecord,
    MultiRecordContent, MultiRecords, PowerSupply, PowerSupplyFlags,
};
pub use product::Product;

/// The contents of a FRU device.
///
/// Two are equal if their areas say the same, wherever those are.
#[derive(Clone, Debug, Default)]
pub struct Fru {
    /// The owner's private store: everything up to the next area, format version first. Nobody
    /// else knows where it ends.
    pub internal_use: Option<Vec<u8>>,
    /// The enclosure.
    pub chassis: Option<Chassis>,
    /// The board that carries the device.
    pub board: Option<Board>,
    /// The whole product.
    pub product: Option<Product>,
    /// Typed records.
    pub multirecords: Option<MultiRecords>,
    /// The bytes that were read: what is not changed stays as and where it is.
    image: Vec<u8>,
}

impl Fru {
    /// A device with nothing on it yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a device's whole memory, or as much of it as there is.
    ///
    /// A controller may answer the very first read with CBh or CEh for a device without any
    /// (Fujitsu's RX1330 does); that is for the client to know.
    ///
    /// # Errors
    /// [`FruError::TooShort`], [`FruError::Blank`] or [`FruError::Version`] if there is no common
    /// header; anything else is a fault beside what could be read.
    pub fn decode(bytes: &[u8]) -> Result<(Self, Vec<FruFault>), FruError> {
        let parts = decode::parts(bytes)?;
        Ok((parts.fru, parts.faults))
    }

    /// Whether field `index` of `area` says anything, and what. The index is as in
    /// [`Area::field_names`].
    #[must_use]
    pub fn text(&self, area: Area, index: usize) -> Option<String> {
        match area {
            Area::Chassis => self.chassis.as_ref()?.text(index),
            Area::Board => self.board.as_ref()?.text(index),
            Area::Product => self.product.as_ref()?.text(index),
            Area::InternalUse | Area::MultiRecord => None,
        }
    }

    /// The fields of `area`, if it has any.
    #[must_use]
    pub fn fields(&self, area: Area) -> Option<&FieldList> {
        match area {
            Area::Chassis => self.chassis.as_ref().map(|area| &area.fields),
            Area::Board => self.board.as_ref().map(|area| &area.fields),
            Area::Product => self.product.as_ref().map(|area| &area.fields),
            Area::InternalUse | Area::MultiRecord => None,
        }
    }

    /// Writes `text` into field `index` of `area`, in the encoding that the field has, if that can
    /// express it, else as 8-bit text. The index after the last field adds one; prescribed
    /// fields that the maker left out may be set as well.
    ///
    /// Whether the device has room for it, [`encode`](Self::encode) tells.
    ///
    /// # Errors
    /// [`FruError::NoArea`], [`FruError::NoField`], [`FruError::Field`].
    pub fn set_field(&mut self, area: Area, index: usize, text: &str) -> Result<(), FruError> {
        let (fields, language) = match area {
            Area::Chassis => {
                self.chassis.as_mut().map(|area| (&mut area.fields, Language::ENGLISH))
            }
            Area::Board => self.board.as_mut().map(|area| (&mut area.fields, area.language)),
            Area::Product => self.product.as_mut().map(|area| (&mut area.fields, area.language)),
            Area::InternalUse | Area::MultiRecord => None,
        }
        .ok_or(FruError::NoArea(area))?;
        let count = fields.len();
        if index > count.max(area.field_names().len()) {
            return Err(FruError::NoField { area, index, count });
        }
        fields.set_text(index, text, language).map_err(|source| FruError::Field {
            area,
            index,
            source,
        })
    }

    /// Forgets where everything was and what was wrong with it: [`encode`](Self::encode) then
    /// lays all areas out anew, without gaps, all checksums right. Only what could be read is
    /// left; damaged multirecords are vouched for.
    pub fn mend(&mut self) {
        self.image = Vec::new();
        if let Some(records) = &mut self.multirecords {
            records.mend();
        }
    }

    /// The bytes to store on a device of `size` bytes, or as many as it takes.
    ///
    /// Of what was read nothing changes but what has to: an area that says the same as before
    /// stays as it is, its mistakes included; a changed one stays where it is if it has room
    /// there, else the ones behind it move. Only if the device were too small for that, all areas are
    /// packed without gaps. See [`mend`](Self::mend) for the alternative.
    ///
    /// # Errors
    /// [`FruError::TooLarge`], [`FruError::AreaTooLong`], [`FruError::OutOfReach`],
    /// [`FruError::Unread`], [`FruError::RecordTooLong`].
    pub fn encode(&self, size: Option<usize>) -> Result<Vec<u8>, FruError> {
        encode::encode(self, size)
    }

    /// Whether `area` says the same in `other`.
    fn same(&self, other: &Self, area: Area) -> bool {
        match area {
            Area::InternalUse => self.internal_use == other.internal_use,
            Area::Chassis => self.chassis == other.chassis,
            Area::Board => self.board == other.board,
            Area::Product => self.product == other.product,
            Area::MultiRecord => self.multirecords == other.multirecords,
        }
    }

    fn has(&self, area: Area) -> bool {
        match area {
            Area::InternalUse => self.internal_use.is_some(),
            Area::Chassis => self.chassis.is_some(),
            Area::Board => self.board.is_some(),
            Area::Product => self.product.is_some(),
            Area::MultiRecord => self.multirecords.is_some(),
        }
    }
}

impl PartialEq for Fru {
    fn eq(&self, other: &Self) -> bool {
        Area::ALL.into_iter().all(|area| self.same(other, area))
    }
}

impl Eq for Fru {}

/// `bytes` up to the last one that is no filling: 00h and FFh, as blank memories have.
fn without_filling(bytes: &[u8]) -> &[u8] {
    let used = bytes.iter().rposition(|byte| !matches!(byte, 0x00 | 0xff));
    bytes.get(..used.map_or(0, |last| last.saturating_add(1))).unwrap_or_default()
}

/// Bytes of the common header.
const HEADER: usize = 8;
/// Areas begin at multiples of this, and have lengths that are.
const UNIT: usize = 8;
/// Format version of the header and of every area.
const VERSION: u8 = 1;
